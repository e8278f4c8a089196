"""The harness: checklist, replay, emulators, reporting, command line."""
