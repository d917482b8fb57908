"""The part of Regista that decides: plain frozen values in, decisions out.

No clock, no randomness of its own, no session, no network, no translated words.
"""
