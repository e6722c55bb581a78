"""The notifiers: what people and programs are told of, how, and that it is sent once.

A change writes a notification for each recipient, in its own transaction (`notifications`). The
notifier, a process of its own, makes dispatches of them (`planning`), writes the letter of each
(`letters`) and sends it (`channels`); `dispatches` keeps what became of it (docs/notifier.md).
"""
