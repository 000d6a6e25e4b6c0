import { equal, match } from "../support/assert.ts";
import { confOf, errorOf, loadText } from "./support.ts";

/** A file that breaks a rule, and the message. */
const broken: readonly [string, RegExp][] = [
  ["readTimeout: 0s", /:1:14: readTimeout: must be greater than zero/],
  ["readTimeout:", /readTimeout: must be greater than zero/],
  ["writeTimeout: -1s", /writeTimeout: must be greater than zero/],
  ["writeQueueSize: 0", /writeQueueSize: must be greater than zero/],
  ["writeQueueSize: 1000", /writeQueueSize: must be a power of two/],
  ["udpMaxPayloadSize: 1473", /udpMaxPayloadSize: must be at most 1472/],
  ["authInternalUsers: [{pass: x}]", /authInternalUsers\[0\].user: must not be empty/],
  ["authInternalUsers: [{user: any, pass: x}]", /authInternalUsers\[0\].pass: must be empty for user 'any'/],
  ["authMethod: http", /authHTTPAddress: must be set when authMethod is http/],
  ["authMethod: http\nauthHTTPAddress: ftp://h", /authHTTPAddress: must be an HTTP or HTTPS URL/],
  ["authMethod: jwt", /authJWTJWKS: must be set when authMethod is jwt/],
  ["authMethod: jwt\nauthJWTJWKS: h", /authJWTJWKS: must be an HTTP or HTTPS URL/],
  ["authMethod: jwt\nauthJWTJWKS: http://h\nauthJWTClaimKey: ''", /authJWTClaimKey: must be set/],
  ["api: yes\napiAddress: ''", /apiAddress: must be set when api is enabled/],
  ["metrics: yes\nmetricsAddress: ''", /metricsAddress: must be set when metrics is enabled/],
  ["pprof: yes\npprofAddress: ''", /pprofAddress: must be set when pprof is enabled/],
  ["playback: yes\nplaybackAddress: ''", /playbackAddress: must be set when playback is enabled/],
  ["hlsAddress: ''", /hlsAddress: must be set when hls is enabled/],
  ["webrtcAddress: ''", /webrtcAddress: must be set when webrtc is enabled/],
  ["rtmpAddress: ''", /rtmpAddress: must be set when rtmp is enabled/],
  ["moqQUICAddress: ''", /moqQUICAddress: must be set when moq is enabled/],
  ["rtspAddress: ''", /rtspAddress: must be set with rtsp, rtspEncryption no/],
  [
    "rtspAddress: ''\nrtspEncryption: optional",
    /rtspAddress: must be set with rtsp, rtspEncryption optional/,
  ],
  ["rtspsAddress: ''\nrtspEncryption: optional", /rtspsAddress: must be set/],
  ["rtspsAddress: ''\nrtspEncryption: strict", /rtspsAddress: must be set/],
  ["rtpAddress: ''", /rtpAddress: must be set .* transport udp/],
  ["rtcpAddress: ''", /rtcpAddress: must be set/],
  ["srtpAddress: ''\nrtspEncryption: strict", /srtpAddress: must be set/],
  ["srtcpAddress: ''\nrtspEncryption: optional", /srtcpAddress: must be set/],
  ["multicastIPRange: ''", /multicastIPRange: must be set .* transport multicast/],
  ["multicastIPRange: ''\nrtspEncryption: strict", /multicastIPRange: must be set/],
  ["multicastRTPPort: 0", /multicastRTPPort: must be set/],
  ["multicastRTCPPort: 0", /multicastRTCPPort: must be set/],
  ["multicastSRTPPort: 0\nrtspEncryption: strict", /multicastSRTPPort: must be set/],
  ["multicastSRTCPPort: 0\nrtspEncryption: optional", /multicastSRTCPPort: must be set/],
  ["rtspAuthMethods: []", /rtspAuthMethods: must have at least one method/],
  [
    "rtspAuthMethods: [digest]\nauthMethod: http\nauthHTTPAddress: http://h",
    /rtspAuthMethods: digest works with authMethod internal only/,
  ],
  [
    "rtspAuthMethods: [basic, digest]\nauthInternalUsers: [{user: a, pass: 'sha256:AA'}]",
    /\[0\].pass: must not be hashed/,
  ],
  [
    "rtspAuthMethods: [digest]\nauthInternalUsers: [{user: 'sha256:AA', pass: b}]",
    /\[0\].user: must not be hashed/,
  ],
  ["hlsCDNSecret: 'a b'", /hlsCDNSecret: may contain/],
  ["webrtcICEServers2: [{url: 'http://h'}]", /webrtcICEServers2\[0\].url: must begin with stun:/],
  ["webrtcLocalUDPAddress: ''", /one of webrtcLocalUDPAddress, webrtcLocalTCPAddress and webrtcICEServers2/],
  ["webrtcIPsFromInterfaces: no", /webrtcAdditionalHosts: must be set/],
  ["paths: {all: , all_others: }", /paths.all_others: all_others, all and '~\^\.\*\$' are the same path/],
  ["paths: {all: , '~^.*$': }", /are the same path/],
  ["paths: {/x: }", /paths.\/x: invalid path name: can't begin with a slash/],
  ["paths: {'': }", /invalid path name: cannot be empty/],
  ["paths: {a b: }", /invalid path name: can contain only/],
  ["paths: {a/../b: }", /can't contain dot path segments/],
  ["paths: {'~^(': }", /paths.~\^\(: invalid regular expression/],
  ["paths: {'~(?=x)': }", /invalid regular expression/],
];

/** An entry that breaks a rule on a plain path, and the message after `paths.p.`. */
const brokenPaths: readonly [string, RegExp][] = [
  ["source: nothing", /source: invalid source/],
  ["source: ''", /source: invalid source/],
  ["source: ftp://h/x", /source: invalid source/],
  ["source: 'rtsp://'", /source: must be a URL/],
  ["source: rtsp://user@h/x", /source: must have both user and password/],
  ["source: http://:pass@h/x", /source: must have both/],
  ["source: udp+mpegts://239.0.0.1", /source: must have a port/],
  ["source: udp://239.0.0.1", /source: must have a port/],
  ["source: 'udp+rtp://1.2.3.4:5'", /rtpSDP: must be set/],
  ["source: unix+rtp:///s", /rtpSDP: must be set/],
  ["source: redirect", /sourceRedirect: must be set/],
  ["source: redirect, sourceRedirect: http://h", /sourceRedirect: must be \/path or an RTSP URL/],
  ["source: redirect, sourceRedirect: /a b", /sourceRedirect: invalid path name/],
  ["sourceRedirect: /a", /sourceRedirect: has no use unless source is redirect/],
  ["fallback: x", /fallback: must be a URL/],
  [
    "srtPublishPassphrase: '0123456789', source: 'rtsp://h'",
    /srtPublishPassphrase: can be used with source publisher only/,
  ],
  ["srtPublishPassphrase: '012345678'", /srtPublishPassphrase: must have 10 to 79 bytes/],
  [`srtReadPassphrase: '${"x".repeat(80)}'`, /srtReadPassphrase: must have 10 to 79 bytes/],
  ["sourceOnDemand: yes", /sourceOnDemand: has no use with source publisher/],
  ["forward: [{dest: ''}]", /forward\[0\].dest: must not be empty/],
  ["forward: [{dest: 'rtsp://a'}, {dest: x}]", /forward\[1\].dest: must be a URL/],
  ["forward: [{dest: 'http://h'}]", /forward\[0\].dest: must be a URL of rtmp/],
  ["alwaysAvailable: yes", /alwaysAvailableTracks: must have at least one track/],
  [
    "alwaysAvailable: yes, alwaysAvailableTracks: [{codec: H264}], sourceOnDemand: yes, source: 'rtsp://h'",
    /sourceOnDemand: cannot be used with alwaysAvailable/,
  ],
  [
    "alwaysAvailable: yes, alwaysAvailableTracks: [{codec: H264}], runOnDemand: x",
    /runOnDemand: cannot be used with alwaysAvailable/,
  ],
  [
    "alwaysAvailable: yes, alwaysAvailableTracks: [{codec: H264}], runOnUnDemand: x",
    /runOnUnDemand: cannot be used with alwaysAvailable/,
  ],
  [
    "alwaysAvailable: yes, alwaysAvailableTracks: [{codec: H264}], useAbsoluteTimestamp: yes",
    /useAbsoluteTimestamp: cannot be used/,
  ],
  [
    "alwaysAvailable: yes, alwaysAvailableTracks: [{codec: H264}], alwaysAvailableFile: a.mp4",
    /alwaysAvailableFile: cannot be used together/,
  ],
  ["alwaysAvailable: yes, alwaysAvailableFile: missing.mp4", /alwaysAvailableFile: no such file/],
  ["alwaysAvailable: yes, alwaysAvailableFile: bad.mp4", /alwaysAvailableFile: is not an MP4 file/],
  [
    "alwaysAvailableTracks: [{codec: Opus, sampleRate: 48000}]",
    /alwaysAvailableTracks\[0\]: sampleRate must be left out/,
  ],
  ["alwaysAvailableTracks: [{codec: H264, channelCount: 2}]", /.*channelCount must be left out/],
  [
    "alwaysAvailableTracks: [{codec: MPEG4Audio, sampleRate: 8000, channelCount: 1}]",
    /.*sampleRate must be at least 22050/,
  ],
  ["alwaysAvailableTracks: [{codec: G711, channelCount: 1}]", /.*sampleRate must be at least 8000/],
  ["alwaysAvailableTracks: [{codec: LPCM, sampleRate: 8000}]", /.*channelCount is needed/],
  ["recordPath: '%Y%m%d%H%M%S'", /recordPath: must contain %path/],
  ["recordPath: '%path/%Y%m%d%H%M'", /recordPath: must contain %s, or all of/],
  ["recordSegmentDuration: 25h, recordDeleteAfter: 2d", /recordSegmentDuration: must be one day at most/],
  ["recordDeleteAfter: 59m", /recordDeleteAfter: must not be shorter/],
  ["runOnDemand: x, source: 'rtsp://h'", /runOnDemand: can be used with source publisher only/],
  [
    "runOnUnDemand: x, source: redirect, sourceRedirect: /a",
    /runOnUnDemand: can be used with source publisher only/,
  ],
  ["source: rpiCamera, rpiCameraWidth: 0", /rpiCameraWidth: must not be 0/],
  ["source: rpiCamera, rpiCameraHeight: 0", /rpiCameraHeight: must not be 0/],
  [
    "source: rpiCamera, rpiCameraCodec: mjpeg, rpiCameraWidth: 2048",
    /rpiCameraWidth: must be a multiple of 8 and less than 2048/,
  ],
  [
    "source: rpiCamera, rpiCameraCodec: mjpeg, rpiCameraHeight: 1081",
    /rpiCameraHeight: must be a multiple of 8/,
  ],
  ["source: rpiCamera, rpiCameraAWBGains: [1]", /rpiCameraAWBGains: must have two values/],
  ["source: rpiCamera, rpiCameraExposure: x", /rpiCameraExposure: must be one of normal, short/],
  ["source: rpiCamera, rpiCameraAWB: x", /rpiCameraAWB: must be one of/],
  ["source: rpiCamera, rpiCameraDenoise: x", /rpiCameraDenoise: must be one of/],
  ["source: rpiCamera, rpiCameraMetering: x", /rpiCameraMetering: must be one of/],
  ["source: rpiCamera, rpiCameraAfMode: x", /rpiCameraAfMode: must be one of/],
  ["source: rpiCamera, rpiCameraAfRange: x", /rpiCameraAfRange: must be one of/],
  ["source: rpiCamera, rpiCameraAfSpeed: x", /rpiCameraAfSpeed: must be one of/],
  ["source: rpiCamera, rpiCameraCodec: x", /rpiCameraCodec: must be one of/],
  ["source: rpiCamera, rpiCameraH264Profile: x", /rpiCameraH264Profile: must be one of/],
  ["source: rpiCamera, rpiCameraLevel: '5.0'", /rpiCameraH264Level: must be one of/],
  [
    "source: rpiCamera, rpiCameraSecondary: yes",
    /rpiCameraSecondary: no other path has the primary stream of camera 0/,
  ],
];

/** Several paths, or expressions. */
const brokenSets: readonly [string, RegExp][] = [
  ["'~x': {source: 'rtsp://h'}", /paths.~x.*sourceOnDemand: must be true/],
  ["all_others: {source: 'rtsp://h'}", /paths.all_others.*sourceOnDemand: must be true/],
  ["'~x': {runOnInit: x}", /paths.~x.runOnInit: cannot be used on a path that is a regular expression/],
  [
    "'~x': {alwaysAvailable: yes, alwaysAvailableTracks: [{codec: AV1}]}",
    /paths.~x.alwaysAvailable: cannot be used/,
  ],
  [
    "a: {source: rpiCamera}, b: {source: rpiCamera}",
    /paths.a.*rpiCameraCamID: path b has a primary stream of camera 0 already/,
  ],
  [
    "a: {source: rpiCamera}, b: {source: rpiCamera, rpiCameraSecondary: yes, rpiCameraWidth: 640, rpiCameraHeight: 480}, c: {source: rpiCamera, rpiCameraSecondary: yes, rpiCameraWidth: 640, rpiCameraHeight: 480}",
    /a secondary stream of camera 0 already/,
  ],
  [
    "a: {source: rpiCamera}, b: {source: rpiCamera, rpiCameraSecondary: yes, rpiCameraWidth: 650, rpiCameraHeight: 480}",
    /paths.b.rpiCameraWidth: must be a multiple/,
  ],
];

const files = { "bad.mp4": "\0\0\0\x10free", "good.mp4": "\0\0\0\x10ftypisom" };

Deno.test("rules between global keys", async () => {
  for (const [text, expected] of broken) match((await errorOf(text)).message, expected, text);
});

Deno.test("rules of a path", async () => {
  for (const [entry, expected] of brokenPaths) {
    const error = await errorOf(`paths:\n  p: {${entry}}\n`, { files });
    match(error.message, new RegExp(`^mediamtx.yml:2:\\d+: paths.p.${expected.source}`), entry);
  }
});

Deno.test("rules of a path name what pathDefaults is to blame for, once", async () => {
  const error = await errorOf(
    "pathDefaults:\n  source: nothing\npaths: {a: , b: , c: {source: publisher}}\n",
  );
  equal(
    error.message,
    'mediamtx.yml:2:11: pathDefaults.source: invalid source: neither publisher, redirect, rpiCamera nor a URL of a supported scheme (value: "nothing")',
  );
});

Deno.test("rules between paths", async () => {
  for (const [entries, expected] of brokenSets) {
    match((await errorOf(`paths: {${entries}}`)).message, expected, entries);
  }
  match(
    (await errorOf("playback: yes\npaths: {a: {recordPath: '%path%s'}}")).message,
    /recordPath: must contain %f/,
  );
});

/** What looks like a broken rule and is none. */
const sound: readonly string[] = [
  "udpMaxPayloadSize: 1472",
  "rtsp: no\nrtspAddress: ''\nrtspAuthMethods: []\nmulticastRTPPort: 0",
  "rtspEncryption: strict\nrtspAddress: ''\nrtpAddress: ''\nrtcpAddress: ''\nmulticastRTPPort: 0\nmulticastRTCPPort: 0",
  "rtspTransports: [tcp]\nrtpAddress: ''\nrtcpAddress: ''\nmulticastIPRange: ''\nmulticastRTPPort: 0",
  "rtspTransports: []",
  "authMethod: http\nauthHTTPAddress: https://h\nauthInternalUsers: [{pass: x}]",
  "hls: no\nhlsAddress: ''\nrtmp: no\nrtmpAddress: ''\nmoq: no\nmoqQUICAddress: ''\nsrtAddress: ''\nrtmpsAddress: ''",
  "webrtc: no\nwebrtcAddress: ''\nwebrtcLocalUDPAddress: ''\nwebrtcICEServers2: [{url: x}]",
  "webrtcLocalUDPAddress: ''\nwebrtcICEServers2: [{url: 'turns:h:1'}]\nwebrtcIPsFromInterfaces: no",
  "webrtcIPsFromInterfaces: no\nwebrtcAdditionalHosts: [h]",
  "rtspAuthMethods: [digest]\nauthInternalUsers: [{user: a, pass: b}]",
  "hlsSegmentCount: -5\nhlsSegmentDuration: -5s",
  "paths: {a: {recordPath: '%path%s'}}",
  "paths: {a: {recordDeleteAfter: 0s, recordSegmentDuration: 24h}}",
  "paths: {'~x': {source: 'rtsp://$G1:$G2/x?$MTX_QUERY', sourceOnDemand: yes}}",
  "paths: {'~x': {source: redirect, sourceRedirect: /a}}",
  "paths: {a: {forward: [{dest: 'rtmp://u:p@h:$G1/$MTX_PATH#key'}, {dest: 'whips://h/x'}]}}",
  "paths: {a: {alwaysAvailable: yes, alwaysAvailableFile: good.mp4}}",
  "paths: {a: {alwaysAvailable: yes, alwaysAvailableTracks: [{codec: G711, sampleRate: 8000, channelCount: 1, muLaw: yes}, {codec: Opus}]}}",
  "paths: {a: {rpiCameraExposure: whatever, rpiCameraWidth: 0}}",
  "paths: {a: {source: rpiCamera}, b: {source: rpiCamera, rpiCameraCamID: 1}, c: {source: rpiCamera, rpiCameraSecondary: yes, rpiCameraWidth: 640, rpiCameraHeight: 480}}",
  "paths: {a: {source: unix+mpegts:///s}, b: {source: 'udp://239.0.0.1:1234?interface=eth0'}, c: {source: 'udp+rtp://1.2.3.4:5', rtpSDP: v=0}}",
  "paths: {a: {source: 'whep://h/x'}, b: {source: 'moqt://h/x'}, c: {source: 'srt://h:1?streamid=x'}, d: {source: 'rtsps+ws://h'}, e: {source: 'https://h/i.m3u8'}}",
  "paths: {a: {srtPublishPassphrase: '0123456789', srtReadPassphrase: ääääääääää}}",
];

Deno.test("what is no broken rule", async () => {
  for (const text of sound) await loadText(text, { files });
  equal((await confOf(sound[0])).udpMaxPayloadSize, 1472);
});
