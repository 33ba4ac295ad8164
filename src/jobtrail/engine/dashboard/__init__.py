"""The page at ``/``: rendered here, drawn by plotly.js in the browser, kept fresh by htmx."""
