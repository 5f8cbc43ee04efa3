"""The local stack: the project's own templates deployed to an AWS emulator on 127.0.0.1.

`paths` says where things are, `emulator` is the emulator's process with our corrections,
`server` starts and stops it, `deployment` deploys to it and writes .local/outputs.json,
`__main__` is the command line.
"""
