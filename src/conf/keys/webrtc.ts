/** The WebRTC server (WHIP and WHEP). */
import { alias, built } from "../key.ts";
import { bool, duration, networks, structs, text, texts } from "../value_type.ts";
import { certDoc, httpAddressDoc, keyDoc, originsDoc, proxiesDoc } from "./shared_docs.ts";

const iceServerKeys = {
  url: built(text, "", "stun:host:port, turn:host:port or turns:host:port."),
  username: built(text, "", "User of a TURN server; AUTH_SECRET derives user and password from a secret."),
  password: built(text, "", "Password of a TURN server, or the secret.", { secret: "all" }),
  clientOnly: built(bool, false, "Tell browsers about it, but do not use it here."),
};

export const webrtcKeys = {
  webrtc: built(bool, true, "Run the WebRTC server, for browsers and WHIP encoders."),
  webrtcDisable: alias(bool, "webrtc", { as: "inverted" }),
  webrtcAddress: built(text, ":8889", httpAddressDoc),
  webrtcEncryption: built(
    bool,
    false,
    "Speak HTTPS instead of HTTP. Browsers publish camera and microphone from secure pages only.",
  ),
  webrtcServerKey: built(text, "server.key", keyDoc),
  webrtcServerCert: built(text, "server.crt", certDoc),
  webrtcAllowOrigin: alias(text, "webrtcAllowOrigins", { as: "list" }),
  webrtcAllowOrigins: built(texts, ["*"], originsDoc),
  webrtcTrustedProxies: built(networks, [], proxiesDoc),
  webrtcLocalUDPAddress: built(text, ":8189", "UDP address that media uses; empty for none."),
  webrtcLocalTCPAddress: built(
    text,
    "",
    "TCP address that media uses where UDP cannot get through; empty for none. It delays more than UDP.",
  ),
  webrtcIPsFromInterfaces: built(bool, true, "Tell clients the addresses of this machine's interfaces."),
  webrtcIPsFromInterfacesList: built(texts, [], "Interfaces whose addresses are told; empty for all."),
  webrtcAdditionalHosts: built(
    texts,
    [],
    "Further addresses or host names to tell clients, such as the public address of the router.",
  ),
  webrtcICEServers2: built(
    structs(iceServerKeys),
    [],
    "STUN and TURN servers, for clients that cannot reach this machine directly.",
    { secret: "all" },
  ),
  webrtcSTUNGatherTimeout: built(duration, 5_000, "How long to wait for the answers of STUN servers."),
  webrtcHandshakeTimeout: built(duration, 10_000, "How long the connection may take to be established."),
  webrtcTrackGatherTimeout: built(duration, 2_000, "How long to wait for the publisher's tracks."),
  webrtcICEUDPMuxAddress: alias(text, "webrtcLocalUDPAddress"),
  webrtcICETCPMuxAddress: alias(text, "webrtcLocalTCPAddress"),
  webrtcICEHostNAT1To1IPs: alias(texts, "webrtcAdditionalHosts"),
  webrtcICEServers: alias(texts, "webrtcICEServers2", { as: "iceServers", secret: "all" }),
};
