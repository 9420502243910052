"""One module per command; each is imported only when its command is called, so that ``pantau --help`` stays quick."""
