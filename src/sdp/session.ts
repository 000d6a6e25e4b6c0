/** A session description (RFC 8866) as far as RTP and RTSP use it. */

export interface SdpSession {
  /** `o=` as it stands. */
  readonly origin?: string;
  /** `s=`, empty when it says nothing. */
  readonly name: string;
  readonly connection?: SdpConnection;
  readonly attributes: readonly SdpAttribute[];
  readonly medias: readonly SdpMedia[];
}

/** `a=name:value`; without a colon the value is undefined. */
export interface SdpAttribute {
  readonly name: string;
  readonly value?: string;
}

/** `c=IN IP4 address/ttl` */
export interface SdpConnection {
  readonly address: string;
  readonly ttl?: number;
}

/** `m=` and what follows it. */
export interface SdpMedia {
  /** Lower case: `video`, `audio`, `application`, or another. */
  readonly kind: string;
  /** 0 in RTSP. */
  readonly port: number;
  /** e.g. `RTP/AVP` */
  readonly protocol: string;
  /** Payload types, as text since some cameras write something else there. */
  readonly formats: readonly string[];
  readonly connection?: SdpConnection;
  readonly attributes: readonly SdpAttribute[];
}

/** The value of the first attribute of this name, which is compared without case; empty when it has none. */
export function attributeValue(attributes: readonly SdpAttribute[], name: string): string | undefined {
  const found = attributes.find((attribute) => attribute.name.toLowerCase() === name);
  return found === undefined ? undefined : found.value ?? "";
}
