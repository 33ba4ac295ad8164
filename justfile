# Every task of the project. `just` is on PyPI as rust-just: uv tool install rust-just

bin := ".venv/bin"

# List the tasks.
default:
    @just --list --unsorted

# Make the environment, or bring it up to date.
setup:
    script/setup

# What runs before each commit: some ten seconds.
check: setup
    {{bin}}/ruff check .
    {{bin}}/ruff format --check .
    {{bin}}/mypy
    {{bin}}/lint-imports
    {{bin}}/pytest -q tests/unit

# Mend what ruff can mend.
format: setup
    {{bin}}/ruff check --fix .
    {{bin}}/ruff format .

# Every check and test, or pytest with the arguments given.
test *arguments:
    script/test {{arguments}}

# A service with a job market in it.
demo *arguments:
    script/demo {{arguments}}

# A service on an empty temporary folder.
serve *arguments: setup
    {{bin}}/jobtrail serve --data "$(mktemp -d)" {{arguments}}

# Tests of what is lost when it breaks.
fault: (test "tests/fault")

# Tests with Google's own clients.
conformance: (test "tests/conformance")

# Tests of the page in a real browser.
browser: (test "tests/browser")

# Kill the service at random moments, then judge what is left.
prove-durability kills="50":
    script/prove-durability --kills {{kills}}

# Measure speed; see docs/benchmarks.md.
bench *arguments:
    script/bench {{arguments}}

# Write what is generated: descriptors of the wire, pages of the reference.
generate: setup
    script/generate
    script/reference

# Build the wheel and the source distribution into dist/.
build: setup
    {{bin}}/uv build
