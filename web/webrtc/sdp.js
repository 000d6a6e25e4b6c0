// @ts-check
/** Session descriptions (RFC 8866) as text: the little that browsers do not offer a call for. */

/** Payload types that RTP with multiplexed RTCP leaves free: RFC 5761 §4 keeps 64 to 95 for RTCP. */
const firstPayloadType = 35;
const lastPayloadType = 127;

const repairs = ["rtx", "red", "ulpfec", "flexfec-03"];

/**
 * The lines before the first section, and those of each section, whose first is `m=`.
 * @param {string} sdp
 * @returns {string[][]}
 */
function splitSections(sdp) {
  return sdp.split(/^(?=m=)/m).map((section) => section.split(/\r?\n/).filter((line) => line !== ""));
}

/** @param {string[][]} sections */
const joinSections = (sections) => sections.flat().map((line) => `${line}\r\n`).join("");

/** @param {string} line `m=…` */
const payloadTypes = (line) => line.split(" ").slice(3);

/**
 * `parameters` overwrite those of the format that are there.
 * @param {string[]} section
 * @param {string} payloadType
 * @param {Record<string, string | number>} parameters
 */
function setFormat(section, payloadType, parameters) {
  const start = `a=fmtp:${payloadType} `;
  const index = section.findIndex((line) => line.startsWith(start));
  const found = index < 0 ? [] : section[index].slice(start.length).split(";");
  const all = new Map(found.map((item) => {
    const [name, ...value] = item.trim().split("=");
    return [name, value.join("=")];
  }));
  for (const [name, value] of Object.entries(parameters)) all.set(name, String(value));
  const line = start + [...all].map(([name, value]) => value === "" ? name : `${name}=${value}`).join(";");
  if (index >= 0) section[index] = line;
  else {
    const map = section.findIndex((other) => other.startsWith(`a=rtpmap:${payloadType} `));
    section.splice(map + 1, 0, line);
  }
}

/**
 * Format parameters of a codec, wherever it is, or of all of a kind; not of what repairs them.
 * @param {string} sdp
 * @param {"audio" | "video"} kind
 * @param {string} codec `opus`; empty for all
 * @param {Record<string, string | number>} parameters
 * @returns {string}
 */
export function setFormats(sdp, kind, codec, parameters) {
  const sections = splitSections(sdp);
  for (const section of sections.filter(([first]) => first?.startsWith(`m=${kind} `))) {
    for (const line of [...section]) {
      const [, payloadType, name] = /^a=rtpmap:(\d+) ([^/]+)/.exec(line) ?? [];
      const isMeant = codec === "" ? !repairs.includes(name?.toLowerCase()) : name?.toLowerCase() === codec;
      if (payloadType !== undefined && isMeant) setFormat(section, payloadType, parameters);
    }
  }
  return joinSections(sections);
}

/**
 * Codecs that the browser knows without offering them, at the end of the first section of audio.
 * @param {string} sdp
 * @param {readonly { name: string, format?: string }[]} codecs `name` as in `a=rtpmap`
 * @returns {string}
 */
export function addAudioCodecs(sdp, codecs) {
  const sections = splitSections(sdp);
  const audio = sections.find(([first]) => first?.startsWith("m=audio"));
  if (audio === undefined) return sdp;
  const taken = new Set(sections.slice(1).flatMap(([first]) => payloadTypes(first)));
  for (const { name, format } of codecs) {
    const payloadType = freePayloadType(taken);
    audio[0] += ` ${payloadType}`;
    audio.push(`a=rtpmap:${payloadType} ${name}`);
    if (format !== undefined) audio.push(`a=fmtp:${payloadType} ${format}`);
    audio.push(`a=rtcp-fb:${payloadType} transport-cc`);
  }
  return joinSections(sections);
}

/** @param {Set<string>} taken is told of the one that is given */
function freePayloadType(taken) {
  for (let type = lastPayloadType; type >= firstPayloadType; type--) {
    const text = String(type);
    if ((type >= 64 && type < 96) || taken.has(text)) continue;
    taken.add(text);
    return text;
  }
  throw new Error("all payload types are taken");
}

/**
 * What a PATCH carries (RFC 8840 §9, RFC 9725 §4.3.3). Empty candidates, or null, mark the end.
 * @param {string} offer the local description
 * @param {readonly (RTCIceCandidate | null)[]} candidates
 * @returns {string}
 */
export function candidateFragment(offer, candidates) {
  const sections = splitSections(offer);
  const find = (/** @type {string} */ start) => sections.flat().find((line) => line.startsWith(start));
  const lines = ["a=ice-ufrag:", "a=ice-pwd:"].map(find).filter((line) => line !== undefined);
  const isEnd = candidates.some((candidate) => candidate === null || candidate.candidate === "");
  sections.slice(1).forEach((section, index) => {
    const own = candidates.filter((candidate) =>
      candidate !== null && candidate.candidate !== "" && (candidate.sdpMLineIndex ?? 0) === index
    );
    // With BUNDLE (RFC 9143) the first section has the only transport, whose end it is.
    if (own.length === 0 && !(isEnd && index === 0)) return;
    const mid = section.find((line) => line.startsWith("a=mid:")) ?? `a=mid:${index}`;
    lines.push(section[0], mid, ...own.map((candidate) => `a=${candidate?.candidate}`));
    if (isEnd && index === 0) lines.push("a=end-of-candidates");
  });
  return lines.map((line) => `${line}\r\n`).join("");
}
