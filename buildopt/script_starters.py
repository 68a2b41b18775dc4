"""Commands that may start scripts of a package manager, by their names."""

MANAGERS = (
    "npm", "npx", "pnpm", "pnpx", "yarn", "yarnpkg", "bun", "bunx", "lerna", "nx", "turbo",
    "wireit", "concurrently", "npm-run-all", "npm-run-all2", "run-s", "run-p", "node", "corepack",
)  # fmt: skip
"""Commands that may start scripts: only these see that a script shell of ours is set."""


def starts_scripts(script: str) -> bool:
    """Whether a command may start scripts of a package manager: one is named in it."""
    for separator in "/(&|;":
        script = script.replace(separator, " ")
    return any(word.strip("\"'`") in MANAGERS for word in script.split())
