/** Where the stream of a path comes from and who may read it. */
import { alias, built, legacy, planned } from "../key.ts";
import {
  bool,
  credential,
  duration,
  int,
  networks,
  text,
  uint,
  uints,
  word,
  wordWith,
} from "../value_type.ts";

const builtSources = /^(rtsps?(\+http|\+ws)?|rtmps?|srt|udp(\+mpegts|\+rtp)?|unix\+(mpegts|rtp)):\/\//i;

function isBuiltSource(value: string): boolean {
  return value === "publisher" || value === "redirect" || builtSources.test(value);
}

export const pathGeneralKeys = {
  source: built(
    text,
    "publisher",
    "Where the stream comes from: 'publisher' (a client sends it), 'redirect' (readers are sent elsewhere), 'rpiCamera', " +
      "or a URL to pull: rtsp, rtsps, rtsp+http, rtsps+http, rtsp+ws, rtsps+ws, rtmp, rtmps, http and https (HLS), " +
      "udp+mpegts, unix+mpegts, udp+rtp, srt, moqt, whep, wheps. In a URL, $G1, $G2… are the groups of the path's regular " +
      "expression and $MTX_QUERY is the query of the first reader. HLS, moqt, whep and rpiCamera are not built yet.",
    { secret: "url", only: isBuiltSource },
  ),
  sourceFingerprint: built(
    text,
    "",
    "SHA-256 fingerprint (hex) of the source's certificate, to accept it although nobody vouches for it.",
  ),
  sourceOnDemand: built(bool, false, "Pull the source only while somebody reads."),
  sourceOnDemandStartTimeout: built(
    duration,
    10_000,
    "How long readers wait for a source that is started for them.",
  ),
  sourceOnDemandCloseAfter: built(duration, 10_000, "Stop the source when nobody has read this long."),
  maxReaders: built(int, 0, "Readers at the same time; 0 for no limit.", { hot: true }),
  gopCache: built(
    wordWith(["auto", "yes", "no"], [["true", "yes"], ["false", "no"], [true, "yes"], [false, "no"]]),
    "auto",
    "Send a new reader the frames since the last key frame at once, so that it need not wait for the next one. " +
      "auto decides by protocol. A key of Livemux, not of MediaMTX.",
    { own: true },
  ),
  srtReadPassphrase: built(text, "", "Passphrase that SRT readers must use, 10 to 79 bytes.", {
    secret: "all",
  }),
  fallback: {
    ...legacy(
      text,
      "Where readers are sent while there is no stream: /path or an RTSP URL.",
      true,
      "the 'fallback' feature is deprecated, use 'alwaysAvailable' instead",
    ),
    secret: "url" as const,
  },
  useAbsoluteTimestamp: built(
    bool,
    false,
    "Keep the wall-clock time that the source gives to its frames, instead of the time they arrive.",
  ),
};

export const pathPublisherKeys = {
  overridePublisher: built(bool, true, "Let a new publisher take the place of the present one.", {
    hot: true,
  }),
  disablePublisherOverride: alias(bool, "overridePublisher", { as: "inverted" }),
  srtPublishPassphrase: built(text, "", "Passphrase that SRT publishers must use, 10 to 79 bytes.", {
    secret: "all",
  }),
  rtspDemuxMpegts: built(
    bool,
    false,
    "Take apart MPEG-TS that arrives inside RTSP or RTP, so that other protocols can read its tracks.",
  ),
};

export const pathRtspSourceKeys = {
  rtspTransport: built(
    word("automatic", "udp", "multicast", "tcp"),
    "automatic",
    "How media travels from an RTSP source: automatic tries UDP, then TCP. Inside TLS and tunnels there is only TCP.",
  ),
  rtspAnyPort: built(
    bool,
    false,
    "Accept media from any port of the source, for cameras that announce none or a wrong one. Less safe.",
  ),
  sourceProtocol: alias(word("automatic", "udp", "multicast", "tcp"), "rtspTransport"),
  sourceAnyPortEnable: alias(bool, "rtspAnyPort"),
  rtspRangeType: built(
    word("", "clock", "npt", "smpte"),
    "",
    "Start playing at a position: absolute time, time since the start, or SMPTE time.",
  ),
  rtspRangeStart: built(
    text,
    "",
    "That position: 20230812T120000Z for clock, a duration such as 1m30s for npt and smpte.",
  ),
  rtspScale: built(text, "", "Speed to ask the source for: 2 is twice as fast, -1 is backwards."),
  rtspUDPReadBufferSize: legacy(uint, "Old form of udpReadBufferSize for an RTSP source.", true),
  rtspUDPSourcePortRange: built(
    uints,
    [32768, 60999],
    "Lowest and highest local port for media from the source.",
  ),
};

export const pathOtherSourceKeys = {
  mpegtsUDPReadBufferSize: legacy(uint, "Old form of udpReadBufferSize for an MPEG-TS source.", true),
  rtpSDP: built(text, "", "Description (SDP) of the stream of a udp+rtp source."),
  rtpUDPReadBufferSize: legacy(uint, "Old form of udpReadBufferSize for an RTP source.", true),
  moqTransport: planned(word("quic", "webtransport"), "quic", "How a Media over QUIC source is reached."),
  whepBearerToken: planned(text, "", "Token sent to a WHEP source in the Authorization header.", {
    secret: "all",
  }),
  whepSTUNGatherTimeout: planned(duration, 5_000, "How long to wait for the answers of STUN servers."),
  whepHandshakeTimeout: planned(duration, 10_000, "How long the connection may take to be established."),
  whepTrackGatherTimeout: planned(duration, 2_000, "How long to wait for the source's tracks."),
  sourceRedirect: built(text, "", "With source 'redirect': where readers are sent, /path or an RTSP URL.", {
    secret: "url",
  }),
};

/** Before `authInternalUsers`, each path had one publisher and one reader. */
export const pathCredentialKeys = {
  publishUser: alias(credential, "authInternalUsers", { as: "credentials" }),
  publishPass: alias(credential, "authInternalUsers", { as: "credentials", secret: "all" }),
  publishIPs: alias(networks, "authInternalUsers", { as: "credentials" }),
  readUser: alias(credential, "authInternalUsers", { as: "credentials" }),
  readPass: alias(credential, "authInternalUsers", { as: "credentials", secret: "all" }),
  readIPs: alias(networks, "authInternalUsers", { as: "credentials" }),
};
