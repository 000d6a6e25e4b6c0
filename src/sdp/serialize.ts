import type { SdpAttribute, SdpConnection, SdpSession } from "./session.ts";

/** Lines end in CRLF. Line ends inside values become spaces. */
export function serializeSdp(session: SdpSession): string {
  const lines = [
    "v=0",
    `o=${session.origin ?? "- 0 0 IN IP4 127.0.0.1"}`,
    // RFC 8866 §5.3: a single space when there is no name.
    `s=${session.name === "" ? " " : session.name}`,
    ...connectionLines(session.connection),
    "t=0 0",
    ...session.attributes.map(attributeLine),
  ];
  for (const { kind, port, protocol, formats, connection, attributes } of session.medias) {
    lines.push(`m=${kind} ${port} ${protocol} ${formats.join(" ")}`);
    lines.push(...connectionLines(connection), ...attributes.map(attributeLine));
  }
  return lines.map((line) => `${line.replace(/[\r\n]+/g, " ")}\r\n`).join("");
}

function connectionLines(connection: SdpConnection | undefined): string[] {
  if (connection === undefined) return [];
  const { address, ttl } = connection;
  return [`c=IN ${address.includes(":") ? "IP6" : "IP4"} ${address}${ttl === undefined ? "" : `/${ttl}`}`];
}

function attributeLine({ name, value }: SdpAttribute): string {
  return value === undefined ? `a=${name}` : `a=${name}:${value}`;
}
