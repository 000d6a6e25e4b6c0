/** What a client sends later: candidates, or new credentials for an ICE restart (RFC 8840 §9, RFC 9725 §4.3). */
import { ParseError } from "../../../base/errors.ts";
import { parseSdp } from "../../../sdp/parse.ts";
import { attributeValue } from "../../../sdp/session.ts";
import type { IceCandidate, IceCredentials } from "../contracts.ts";
import { candidateAttributes } from "./answer.ts";
import { candidatesOf, iceCredentials } from "./parse.ts";

/** An `application/trickle-ice-sdpfrag`. */
export interface TrickleFragment {
  /** Those of the generation that the candidates belong to; null when it does not say. */
  readonly ice: IceCredentials | null;
  readonly candidates: readonly IceCandidate[];
}

/** Throws ParseError. */
export function parseFragment(text: string): TrickleFragment {
  const { attributes, medias } = parseSdp(text);
  const all = [...attributes, ...medias.flatMap((media) => media.attributes)];
  const ufrag = attributeValue(all, "ice-ufrag");
  const password = attributeValue(all, "ice-pwd");
  if ((ufrag === undefined) !== (password === undefined)) {
    throw new ParseError("a=ice-ufrag", "without a=ice-pwd, or the other way round");
  }
  return {
    ice: ufrag === undefined ? null : iceCredentials(ufrag, password),
    candidates: candidatesOf(all),
  };
}

/** The answer to a restart. `mid`: of the section that carries the transport. */
export function serializeFragment(
  ice: IceCredentials,
  lite: boolean,
  candidates: readonly IceCandidate[],
  section: { readonly kind: string; readonly protocol: string; readonly mid: string },
): string {
  const lines = [
    ...(lite ? ["a=ice-lite"] : []),
    `a=ice-ufrag:${ice.ufrag}`,
    `a=ice-pwd:${ice.password}`,
    `m=${section.kind} 9 ${section.protocol} 0`,
    `a=mid:${section.mid}`,
    ...candidateAttributes(candidates).map(({ name, value }) =>
      value === undefined ? `a=${name}` : `a=${name}:${value}`
    ),
  ];
  return lines.map((line) => `${line}\r\n`).join("");
}
