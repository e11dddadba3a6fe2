"""Reads a feed with Python's `websockets`: what it is told, a line each; what it is given on stdin, it says."""

import asyncio
import sys

import websockets


async def main(url):
    async with websockets.connect(url) as socket:
        asyncio.create_task(speak(socket))
        async for message in socket:
            print(message, flush=True)


async def speak(socket):
    while line := await asyncio.to_thread(sys.stdin.readline):
        await socket.send(line.rstrip("\n"))


asyncio.run(main(sys.argv[1]))
