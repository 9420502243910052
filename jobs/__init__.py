"""What cron and people run. The only package that knows every stage, the clock and the command line."""
