"""Hands finished mails to the mail server, each once, and says honestly what became of each."""
