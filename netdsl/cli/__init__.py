"""The command line: a file for each command, found through the registry in `commands`."""
