/** The reader's offer, and what it needs of the answer. */
import type { DtlsFingerprint, IceCredentials } from "../../../../src/protocols/webrtc/contracts.ts";

export const payloadType = 102;

/** One video section for H264; no repetitions are asked for, so that every loss shows. */
export function writeOffer({ ufrag, password }: IceCredentials, fingerprint: DtlsFingerprint): string {
  return [
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
    `m=video 9 UDP/TLS/RTP/SAVPF ${payloadType}`,
    "c=IN IP4 0.0.0.0",
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
    "a=setup:actpass",
    "a=mid:0",
    "a=recvonly",
    "a=rtcp-mux",
    `a=rtpmap:${payloadType} H264/90000`,
    `a=fmtp:${payloadType} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f`,
    "",
  ].join("\r\n");
}

export interface Answer {
  readonly credentials: IceCredentials;
  readonly fingerprint: DtlsFingerprint;
  /** Of this side. */
  readonly role: "client" | "server";
  readonly ip: string;
  readonly port: number;
}

/** The UDP candidate of the address that the server was asked at; of any IPv4 address when it is not among them. */
export function readAnswer(sdp: string, ip: string): Answer {
  const value = (name: string): string => {
    const found = sdp.match(new RegExp(`^a=${name}:(.*?)\\r?$`, "m"))?.[1];
    if (found === undefined) throw new Error(`the answer has no ${name}`);
    return found.trim();
  };
  const addresses = [...sdp.matchAll(/^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host/gim)]
    .map(([, host, port]) => ({ ip: host, port: Number(port) }));
  const address = addresses.find((each) => each.ip === ip) ?? addresses.at(0);
  if (address === undefined) throw new Error("the answer has no UDP candidate of IPv4");
  const [algorithm, fingerprint] = value("fingerprint").split(" ");
  return {
    credentials: { ufrag: value("ice-ufrag"), password: value("ice-pwd") },
    fingerprint: { algorithm, value: fingerprint },
    role: value("setup") === "active" ? "server" : "client",
    ...address,
  };
}
