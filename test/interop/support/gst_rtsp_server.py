"""An RTSP server that is not ours: GStreamer's, with H.264 and AAC. Prints its port. Arguments: user and password, or none."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

LAUNCH = (
    "( videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1"
    " ! x264enc tune=zerolatency key-int-max=25 bitrate=500 ! rtph264pay name=pay0 pt=96"
    " audiotestsrc is-live=true ! audioconvert ! opusenc ! rtpopuspay name=pay1 pt=97 )"
)

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(LAUNCH)
factory.set_shared(True)
if len(sys.argv) == 3:
    user, password = sys.argv[1:]
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtspServer.RTSPAuth.get_supported_methods(auth))
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "reader")
    basic = GstRtspServer.RTSPAuth.make_basic(user, password)
    auth.add_basic(basic, token)
    auth.add_digest(user, password, token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("reader", "media.factory.access", True)
    permissions.add_permission_for_role("reader", "media.factory.construct", True)
    factory.set_permissions(permissions)
server.get_mount_points().add_factory("/cam", factory)
server.attach(None)
print(f"port {server.get_bound_port()}", flush=True)
GLib.MainLoop().run()
