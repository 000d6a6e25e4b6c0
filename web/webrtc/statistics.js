// @ts-check
/** What the browser counts (W3C webrtc-stats), as figures for people. Rates are those between two reports. */

/** @typedef {{ get(id: string): any, values(): Iterable<any> }} Report such as `RTCStatsReport` */

/**
 * @typedef {object} MediaFigures Null: not known, or not yet.
 * @property {string} codec `H264`
 * @property {number | null} width
 * @property {number | null} height
 * @property {number | null} fps
 * @property {number | null} bitrate bits a second
 * @property {number} lost packets, since the beginning
 * @property {number | null} lossRatio 0 to 1, lately
 * @property {number | null} jitterMs
 * @property {number | null} delayMs from the network to the screen or loudspeaker
 * @property {number} nacks asked for by the receiver, as are the next two
 * @property {number} plis
 * @property {number} firs
 * @property {number} packets received or sent
 * @property {number} decoded pictures
 * @property {number} freezes
 * @property {string} limitation of what is sent: `cpu`, `bandwidth`, `other`, `none`
 * @property {number} layers that are sent
 */

/**
 * @typedef {object} Figures
 * @property {MediaFigures | null} video
 * @property {MediaFigures | null} audio
 * @property {number | null} rttMs
 * @property {string} route `udp, host to host`; empty when not connected
 */

/** @param {unknown} value */
const count = (value) => typeof value === "number" && Number.isFinite(value) ? value : 0;
/** @param {unknown} seconds */
const millis = (seconds) => typeof seconds === "number" ? 1000 * seconds : null;

/**
 * @param {Report} report
 * @param {string} type
 * @param {string} kind
 * @returns {any[]}
 */
function select(report, type, kind) {
  return [...report.values()].filter((entry) =>
    entry.type === type && (entry.kind ?? entry.mediaType) === kind
  );
}

/**
 * Increase of a counter by the increase of another; null where that is none.
 * @param {any} now
 * @param {any} before
 * @param {string} upper
 * @param {string} lower
 */
function ratio(now, before, upper, lower) {
  const below = count(now[lower]) - count(before?.[lower]);
  return below > 0 ? (count(now[upper]) - count(before?.[upper])) / below : null;
}

/**
 * Bits a second.
 * @param {any} now
 * @param {any} before
 * @param {string} counter of bytes
 */
function bitrate(now, before, counter) {
  const perMs = before === undefined ? null : ratio(now, before, counter, "timestamp");
  return perMs === null ? null : Math.max(0, 8000 * perMs);
}

/**
 * @param {Report} report
 * @param {any} entry
 */
function codecName(report, entry) {
  const type = report.get(entry.codecId)?.mimeType ?? "";
  return type.slice(type.indexOf("/") + 1);
}

/**
 * @param {Report} report
 * @returns {Pick<Figures, "rttMs" | "route">}
 */
function route(report) {
  const entries = [...report.values()];
  const transport = entries.find(({ type, selectedCandidatePairId }) =>
    type === "transport" && selectedCandidatePairId
  );
  const pair = transport === undefined
    // Firefox
    ? entries.find(({ type, selected }) => type === "candidate-pair" && selected)
    : report.get(transport.selectedCandidatePairId);
  const [local, remote] = [report.get(pair?.localCandidateId), report.get(pair?.remoteCandidateId)];
  if (local === undefined || remote === undefined) return { rttMs: null, route: "" };
  return {
    rttMs: millis(pair.currentRoundTripTime),
    route: `${local.relayProtocol ?? local.protocol}, ${local.candidateType} to ${remote.candidateType}`,
  };
}

/**
 * @param {Report} report
 * @param {Report | null} before
 * @param {string} kind
 * @returns {MediaFigures | null}
 */
function received(report, before, kind) {
  // The browser keeps those that get nothing any more.
  const now =
    select(report, "inbound-rtp", kind).sort((a, b) =>
      count(b.packetsReceived) - count(a.packetsReceived)
    )[0];
  if (now === undefined) return null;
  const earlier = before?.get(now.id);
  const lost = count(now.packetsLost) - count(earlier?.packetsLost);
  const arrived = count(now.packetsReceived) - count(earlier?.packetsReceived);
  return {
    codec: codecName(report, now),
    width: now.frameWidth ?? null,
    height: now.frameHeight ?? null,
    fps: now.framesPerSecond ?? null,
    bitrate: bitrate(now, earlier, "bytesReceived"),
    lost: count(now.packetsLost),
    lossRatio: lost + arrived > 0 ? Math.max(0, lost) / (Math.max(0, lost) + arrived) : null,
    jitterMs: millis(now.jitter),
    delayMs: millis(ratio(now, earlier, "jitterBufferDelay", "jitterBufferEmittedCount")),
    nacks: count(now.nackCount),
    plis: count(now.pliCount),
    firs: count(now.firCount),
    packets: count(now.packetsReceived),
    decoded: count(now.framesDecoded),
    freezes: count(now.freezeCount),
    limitation: "",
    layers: 1,
  };
}

/**
 * @param {Report} report
 * @param {Report | null} before
 * @param {string} kind
 * @returns {MediaFigures | null}
 */
function sent(report, before, kind) {
  const layers = select(report, "outbound-rtp", kind).filter(({ active }) => active !== false);
  if (layers.length === 0) return null;
  const best = layers.reduce((a, b) => count(b.frameHeight) > count(a.frameHeight) ? b : a);
  const told = select(report, "remote-inbound-rtp", kind).find(({ localId }) => localId === best.id);
  const rates = layers.map((layer) => bitrate(layer, before?.get(layer.id), "bytesSent"));
  const sum = (/** @type {string} */ name) => layers.reduce((total, layer) => total + count(layer[name]), 0);
  return {
    codec: codecName(report, best),
    width: best.frameWidth ?? null,
    height: best.frameHeight ?? null,
    fps: best.framesPerSecond ?? null,
    bitrate: rates.every((rate) => rate === null)
      ? null
      : rates.reduce((total, rate) => count(total) + count(rate), 0),
    lost: count(told?.packetsLost),
    lossRatio: told?.fractionLost ?? null,
    jitterMs: millis(told?.jitter),
    delayMs: null,
    nacks: sum("nackCount"),
    plis: sum("pliCount"),
    firs: sum("firCount"),
    packets: sum("packetsSent"),
    decoded: 0,
    freezes: 0,
    limitation: best.qualityLimitationReason ?? "",
    layers: layers.filter(({ bytesSent }) => count(bytesSent) > 0).length,
  };
}

/**
 * @param {Report} report
 * @param {Report | null} before an earlier one of the same connection
 * @param {"reading" | "publishing"} role
 * @returns {Figures}
 */
export function figures(report, before, role) {
  const media = role === "reading" ? received : sent;
  return { video: media(report, before, "video"), audio: media(report, before, "audio"), ...route(report) };
}

/** @param {number | null} value @param {string} unit @param {number} [digits] */
const withUnit = (value, unit, digits = 0) => value === null ? "" : `${value.toFixed(digits)} ${unit}`;

/** @param {number | null} bits */
function bitrateText(bits) {
  if (bits === null) return "";
  return bits >= 1e6 ? withUnit(bits / 1e6, "Mbit/s", 2) : withUnit(bits / 1000, "kbit/s");
}

/** @type {Readonly<Record<string, string>>} */
const limitations = {
  cpu: "this device is too slow",
  bandwidth: "the network is too slow",
  other: "of another reason",
};

/**
 * Lines for people; what is not known is left out.
 * @param {Figures} figures
 * @param {"reading" | "publishing"} role
 * @returns {[label: string, text: string][]}
 */
export function figureRows({ video, audio, rttMs, route }, role) {
  /** @type {[string, string][]} */
  const rows = [];
  const add = (/** @type {string} */ label, /** @type {string[]} */ ...texts) => {
    const text = texts.filter((part) => part !== "").join(", ");
    if (text !== "") rows.push([label, text]);
  };
  const rate = (/** @type {MediaFigures} */ media) => bitrateText(media.bitrate);
  if (video !== null) {
    const size = video.width === null ? "" : `${video.width} × ${video.height}`;
    add("Video", video.codec, size, withUnit(video.fps, "fps"));
    add("Video bitrate", rate(video), video.layers > 1 ? `${video.layers} layers` : "");
    if (limitations[video.limitation] !== undefined) add("Reduced as", limitations[video.limitation]);
  }
  if (audio !== null) add("Audio", audio.codec, rate(audio));
  for (const [label, media] of /** @type {const} */ ([["Video", video], ["Audio", audio]])) {
    if (media === null) continue;
    const percent = media.lossRatio === null ? "" : withUnit(100 * media.lossRatio, "%", 1);
    add(`${label} loss`, percent, `${media.lost} of ${media.packets + media.lost} packets`);
    add(`${label} jitter`, withUnit(media.jitterMs, "ms", 1));
    if (role === "reading") add(`${label} delay`, withUnit(media.delayMs, "ms"));
  }
  if (video !== null) {
    add("Repairs", `${video.nacks} NACK`, `${video.plis} PLI`, `${video.firs} FIR`);
    if (video.freezes > 0) add("Freezes", String(video.freezes));
  }
  add("Round trip", withUnit(rttMs, "ms"));
  add("Route", route);
  return rows;
}
