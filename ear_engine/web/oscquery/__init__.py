"""OSCQuery: what OSC offers, for programs that ask over HTTP and listen over a WebSocket.

After https://github.com/Vidvox/OSCQueryProposal, third revision.
"""
