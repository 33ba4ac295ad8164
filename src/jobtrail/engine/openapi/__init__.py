"""The OpenAPI 3.1 document: made from the registries that the routes themselves read."""
