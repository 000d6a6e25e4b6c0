/** Ways to carry RTSP media, and what the clients call them. */
export type PublishTransport = "TCP" | "UDP" | "TLS";
export type ReadTransport = "TCP" | "UDP" | "multicast" | "TLS" | "HTTP tunnel" | "UDP with SRTP";

export const ffmpegTransport: Readonly<Record<Exclude<ReadTransport, "UDP with SRTP">, string>> = {
  TCP: "tcp",
  UDP: "udp",
  multicast: "udp_multicast",
  TLS: "tcp",
  "HTTP tunnel": "http",
};

/** GStreamer's tunnel is a URL scheme, its SRTP the combination of `rtsps:` and UDP. */
export const gstreamerProtocols: Readonly<Record<ReadTransport, string>> = {
  TCP: "tcp",
  UDP: "udp",
  multicast: "udp-mcast",
  TLS: "tcp+tls",
  "HTTP tunnel": "http",
  "UDP with SRTP": "udp",
};

export function isEncrypted(transport: ReadTransport): boolean {
  return transport === "TLS" || transport === "UDP with SRTP";
}
