"""Pantau: nightly monitor of a regency's official social-media accounts."""
