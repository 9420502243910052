"""One platform per pair of modules: ``<name>.py`` talks to the service, ``<name>_parse.py`` turns answers into posts."""
