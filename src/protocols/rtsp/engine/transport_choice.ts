import type { Transport } from "../wire/transport.ts";

export type Delivery = "tcp" | "udp" | "multicast";

/** What the server offers on this connection. */
export interface TransportCapabilities {
  /** The connection is RTSPS. */
  readonly secure: boolean;
  /** RTSP inside HTTP or WebSocket: only interleaved media can follow it. */
  readonly tunnelled: boolean;
  readonly udp: boolean;
  readonly multicast: boolean;
  readonly tcp: boolean;
}

export interface ChosenTransport {
  readonly delivery: Delivery;
  /** SAVP: the media is encrypted with SRTP. */
  readonly profile: "AVP" | "SAVP";
  readonly offer: Transport;
}

function supported(offer: Transport, capabilities: TransportCapabilities): ChosenTransport | null {
  const { secure, tunnelled } = capabilities;
  // Keys travel in the request: over plain RTSP everybody could read them.
  if (offer.profile === "SAVP" && !secure) return null;
  if (offer.protocol === "TCP") {
    return capabilities.tcp ? { delivery: "tcp", profile: offer.profile, offer } : null;
  }
  // Who chose RTSPS did not mean the media to be readable on the way.
  if (tunnelled || (secure && offer.profile === "AVP")) return null;
  const delivery = offer.delivery === "multicast" ? "multicast" : "udp";
  return capabilities[delivery] ? { delivery, profile: offer.profile, offer } : null;
}

/** The client lists transports in order of preference (RFC 2326 §12.39): the first that works; null when none does. */
export function chooseTransport(
  offers: readonly Transport[],
  capabilities: TransportCapabilities,
): ChosenTransport | null {
  for (const offer of offers) {
    const chosen = supported(offer, capabilities);
    if (chosen !== null) return chosen;
  }
  return null;
}
