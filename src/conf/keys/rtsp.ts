/** The RTSP and RTSPS servers. */
import { alias, built, legacy } from "../key.ts";
import { bool, encryption, int, networks, text, uint, words, wordSet } from "../value_type.ts";
import { certDoc, keyDoc, proxyProtocolDoc } from "./shared_docs.ts";

const transports = wordSet("udp", "multicast", "tcp");
const authMethods = words("basic", "digest");

export const rtspKeys = {
  rtsp: built(bool, true, "Run the RTSP server, for publishers and readers."),
  rtspDisable: alias(bool, "rtsp", { as: "inverted" }),
  protocols: alias(transports, "rtspTransports"),
  rtspTransports: built(
    transports,
    ["multicast", "tcp", "udp"],
    "Ways media may travel; requests always use TCP. A client picks one of them.",
  ),
  encryption: alias(encryption, "rtspEncryption"),
  rtspEncryption: built(
    encryption,
    "no",
    'Encrypt requests and media (RTSPS, SRTP): never, when the client wants it, or always. Write "no" in quotes.',
  ),
  rtspAddress: built(text, ":8554", "TCP address of RTSP; used unless encryption is strict."),
  rtspsAddress: built(text, ":8322", "TCP address of RTSPS; used when encryption is optional or strict."),
  rtpAddress: built(
    text,
    ":8000",
    "UDP address of RTP; used with transport udp unless encryption is strict. The port must be even.",
  ),
  rtcpAddress: built(text, ":8001", "UDP address of RTCP; its port must follow the one of rtpAddress."),
  multicastIPRange: built(
    text,
    "224.1.0.0/16",
    "Network that multicast addresses are taken from, one per stream.",
  ),
  multicastRTPPort: built(int, 8002, "Port of multicast RTP."),
  multicastRTCPPort: built(int, 8003, "Port of multicast RTCP."),
  srtpAddress: built(text, ":8004", "UDP address of encrypted RTP; used with transport udp and encryption."),
  srtcpAddress: built(
    text,
    ":8005",
    "UDP address of encrypted RTCP; its port must follow the one of srtpAddress.",
  ),
  multicastSRTPPort: built(int, 8006, "Port of encrypted multicast RTP."),
  multicastSRTCPPort: built(int, 8007, "Port of encrypted multicast RTCP."),
  serverKey: alias(text, "rtspServerKey"),
  serverCert: alias(text, "rtspServerCert"),
  rtspServerKey: built(text, "server.key", keyDoc),
  rtspServerCert: built(text, "server.crt", certDoc),
  authMethods: alias(authMethods, "rtspAuthMethods"),
  rtspAuthMethods: built(
    authMethods,
    ["basic"],
    "How clients may prove who they are. digest needs the internal method and passwords that are not hashed; " +
      "it is for clients that know nothing else, encryption protects better.",
  ),
  rtspTrustedProxies: built(networks, [], proxyProtocolDoc),
  rtspUDPReadBufferSize: legacy(uint, "Old form of udpReadBufferSize for the RTSP listeners.", true),
};
