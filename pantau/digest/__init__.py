"""Turns findings and coverage into one mail: plain data first, then HTML, its text twin and the message.

It is handed everything; it runs no rule, opens no store and asks no clock, so the same input gives the same bytes.
"""
