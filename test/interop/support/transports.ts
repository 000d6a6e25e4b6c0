/** Ways to carry media, and what the clients call them. Those without a protocol in their name are RTSP's. */
export type RtspPublishTransport = "TCP" | "UDP" | "TLS";
export type RtspReadTransport = "TCP" | "UDP" | "multicast" | "TLS" | "HTTP tunnel" | "UDP with SRTP";
export type RtmpTransport = "RTMP" | "RTMPS";
export type PublishTransport = RtspPublishTransport | RtmpTransport | "SRT";
export type ReadTransport = RtspReadTransport | RtmpTransport | "SRT";

export const ffmpegTransport: Readonly<Record<Exclude<RtspReadTransport, "UDP with SRTP">, string>> = {
  TCP: "tcp",
  UDP: "udp",
  multicast: "udp_multicast",
  TLS: "tcp",
  "HTTP tunnel": "http",
};

/** GStreamer's tunnel is a URL scheme, its SRTP the combination of `rtsps:` and UDP. */
export const gstreamerProtocols: Readonly<Record<RtspReadTransport, string>> = {
  TCP: "tcp",
  UDP: "udp",
  multicast: "udp-mcast",
  TLS: "tcp+tls",
  "HTTP tunnel": "http",
  "UDP with SRTP": "udp",
};

export function isRtmp(transport: ReadTransport): transport is RtmpTransport {
  return transport === "RTMP" || transport === "RTMPS";
}

export function isEncrypted(transport: ReadTransport): boolean {
  return transport === "TLS" || transport === "UDP with SRTP";
}
