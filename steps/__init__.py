"""The step vocabulary: few, general sentences, loaded by pytest as one plugin (`-p steps`)."""

pytest_plugins = ("steps.given", "steps.when", "steps.troubles", "steps.then", "steps.subject")
