"""The command line: a file a command, found through the registry in `commands`."""
