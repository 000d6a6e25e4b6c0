/** One table for each header: what a peer writes, what it means, and how we write it (the same when left out). */
import {
  type Authorization,
  parseAuthorization,
  serializeAuthorization,
} from "../../../../src/protocols/rtsp/wire/authorization.ts";
import {
  type Challenge,
  parseChallenges,
  serializeChallenge,
} from "../../../../src/protocols/rtsp/wire/challenge.ts";
import { parseRange, type Range, serializeRange } from "../../../../src/protocols/rtsp/wire/range.ts";
import {
  parseRtpInfo,
  type RtpInfo,
  serializeRtpInfo,
} from "../../../../src/protocols/rtsp/wire/rtp_info.ts";
import {
  parseSession,
  serializeSession,
  type SessionHeader,
} from "../../../../src/protocols/rtsp/wire/session.ts";
import {
  parseTransports,
  serializeTransports,
  type Transport,
} from "../../../../src/protocols/rtsp/wire/transport.ts";
import { parseRtspUrl, type RtspUrl, serializeRtspUrl } from "../../../../src/protocols/rtsp/wire/url.ts";

export interface HeaderTable<T> {
  readonly name: string;
  readonly parse: (text: string) => T;
  readonly serialize: (value: T) => string;
  readonly cases: readonly (readonly [text: string, value: T, written?: string])[];
  /** Texts that are refused, with the field of the error. */
  readonly refused: readonly (readonly [text: string, field: string])[];
}

export const transports: HeaderTable<Transport[]> = {
  name: "Transport",
  parse: parseTransports,
  serialize: serializeTransports,
  cases: [
    // found by fuzzing: an alternative without anything in it
    [
      ";,RTP/SAVP/TCP;unicast",
      [{ profile: "SAVP", protocol: "TCP", delivery: "unicast" }],
      "RTP/SAVP/TCP;unicast",
    ],
    ["RTP/AVP;unicast;client_port=3456-3457;mode=play", [{
      profile: "AVP",
      protocol: "UDP",
      delivery: "unicast",
      clientPort: [3456, 3457],
      mode: "play",
    }]],
    ["RTP/AVP/TCP;unicast;interleaved=0-1", [{
      profile: "AVP",
      protocol: "TCP",
      delivery: "unicast",
      interleaved: [0, 1],
    }]],
    [
      // GStreamer lists what it can do
      'RTP/AVP;unicast;client_port=5000-5001;mode="PLAY",RTP/AVP/TCP;unicast;interleaved=0-1;mode="PLAY"',
      [
        { profile: "AVP", protocol: "UDP", delivery: "unicast", clientPort: [5000, 5001], mode: "play" },
        { profile: "AVP", protocol: "TCP", delivery: "unicast", interleaved: [0, 1], mode: "play" },
      ],
      "RTP/AVP;unicast;client_port=5000-5001;mode=play,RTP/AVP/TCP;unicast;interleaved=0-1;mode=play",
    ],
    [
      "RTP/AVP;multicast;destination=225.219.201.15;port=7000-7001;ttl=127",
      [{
        profile: "AVP",
        protocol: "UDP",
        delivery: "multicast",
        destination: "225.219.201.15",
        port: [7000, 7001],
        ttl: 127,
      }],
    ],
    [
      "RTP/AVP/UDP;unicast;client_port=3056;server_port=5000",
      [{
        profile: "AVP",
        protocol: "UDP",
        delivery: "unicast",
        clientPort: [3056, 3057],
        serverPort: [5000, 5001],
      }],
      "RTP/AVP;unicast;client_port=3056-3057;server_port=5000-5001",
    ],
    [
      " rtp/avp/tcp ; Unicast ; Interleaved = 2 ; Mode = record ; ",
      [{ profile: "AVP", protocol: "TCP", delivery: "unicast", interleaved: [2, 3], mode: "record" }],
      "RTP/AVP/TCP;unicast;interleaved=2-3;mode=record",
    ],
    [
      "RTP/SAVP/TCP;unicast;interleaved=0-1;mode=RECORD",
      [{ profile: "SAVP", protocol: "TCP", delivery: "unicast", interleaved: [0, 1], mode: "record" }],
      "RTP/SAVP/TCP;unicast;interleaved=0-1;mode=record",
    ],
    [
      "RTP/SAVP;unicast;client_port=1-2;server_port=3-4;ssrc=0B6C3D2A",
      [{
        profile: "SAVP",
        protocol: "UDP",
        delivery: "unicast",
        clientPort: [1, 2],
        serverPort: [3, 4],
        ssrc: 0x0b6c3d2a,
      }],
    ],
    [
      "RTP/AVP;unicast;ssrc= 16e7;source=192.168.1.1;destination;x-dynamic=yes",
      [{ profile: "AVP", protocol: "UDP", delivery: "unicast", ssrc: 0x16e7, source: "192.168.1.1" }],
      "RTP/AVP;unicast;source=192.168.1.1;ssrc=000016E7",
    ],
    [
      "RTP/AVP;unicast;ssrc=1234567890123;mode=receive",
      [{ profile: "AVP", protocol: "UDP", delivery: "unicast", mode: "record" }],
      "RTP/AVP;unicast;mode=record",
    ],
    [
      "unicast;RTP/AVP;client_port=1-2",
      [{ profile: "AVP", protocol: "UDP", delivery: "unicast", clientPort: [1, 2] }],
      "RTP/AVP;unicast;client_port=1-2",
    ],
    [
      "MP2T/H2221/UDP;unicast;client_port=1-2,RAW/RAW/UDP;unicast,RTP/AVP;unicast",
      [{ profile: "AVP", protocol: "UDP", delivery: "unicast" }],
      "RTP/AVP;unicast",
    ],
    ["x-real-rdt/tcp", [], ""],
  ],
  refused: [
    ["RTP/AVP;client_port=65536-65537", "client_port"],
    ["RTP/AVP;client_port=a-b", "client_port"],
    ["RTP/AVP;client_port=1-2-3", "client_port"],
    ["RTP/AVP;client_port", "client_port"],
    ["RTP/AVP/TCP;interleaved=0-256", "interleaved"],
    ["RTP/AVP/TCP;interleaved=255", "interleaved"],
    ["RTP/AVP;server_port=-1", "server_port"],
    ["RTP/AVP;port=x", "port"],
    ["RTP/AVP;ttl=256", "ttl"],
    ["RTP/AVP;mode=dance", "mode"],
    [Array(33).fill("RTP/AVP").join(), "Transport"],
  ],
};

export const sessions: HeaderTable<SessionHeader> = {
  name: "Session",
  parse: parseSession,
  serialize: serializeSession,
  cases: [
    ["A3eqwsafq3rFASqew", { id: "A3eqwsafq3rFASqew" }],
    ["A3eqwsafq3rFASqew;timeout=47", { id: "A3eqwsafq3rFASqew", timeout: 47 }],
    [" 12345678 ; Timeout = 60 ; x=y ", { id: "12345678", timeout: 60 }, "12345678;timeout=60"],
    ["abc;timeout=never", { id: "abc" }, "abc"],
    ["abc;timeout", { id: "abc" }, "abc"],
    ["a=b;timeout=1", { id: "a=b", timeout: 1 }],
  ],
  refused: [["", "Session"], [" ; ", "Session"], ["x".repeat(257), "Session"]],
};

export const rtpInfos: HeaderTable<RtpInfo[]> = {
  name: "RTP-Info",
  parse: parseRtpInfo,
  serialize: serializeRtpInfo,
  cases: [
    [
      "url=rtsp://127.0.0.1/test.mkv/track1;seq=35243;rtptime=717574556," +
      "url=rtsp://127.0.0.1/test.mkv/track2;seq=13655;rtptime=2848846950",
      [
        { url: "rtsp://127.0.0.1/test.mkv/track1", sequenceNumber: 35243, timestamp: 717574556 },
        { url: "rtsp://127.0.0.1/test.mkv/track2", sequenceNumber: 13655, timestamp: 2848846950 },
      ],
    ],
    [
      "url=rtsp://h/a?b=1;c=2,d;seq=1, url=trackID=2;rtptime=5",
      [{ url: "rtsp://h/a?b=1;c=2,d", sequenceNumber: 1 }, { url: "trackID=2", timestamp: 5 }],
      "url=rtsp://h/a?b=1;c=2,d;seq=1,url=trackID=2;rtptime=5",
    ],
    [
      'URL="rtsp://h/t" ; SEQ = 65537 ; rtptime=4294967297;ssrc=AB',
      [{ url: "rtsp://h/t", sequenceNumber: 1, timestamp: 1 }],
      "url=rtsp://h/t;seq=1;rtptime=1",
    ],
    // found by fuzzing
    ['url="rtsp://h/t\v" ; seq=1', [{ url: "rtsp://h/t", sequenceNumber: 1 }], "url=rtsp://h/t;seq=1"],
    [
      'url="rtsp://h/t" ; SE\\Q = 65537; rtptime=7',
      [{ url: "rtsp://h/t", timestamp: 7 }],
      "url=rtsp://h/t;rtptime=7",
    ],
    ["url=rtsp://h/t;seq=;rtptime=x;", [{ url: "rtsp://h/t" }], "url=rtsp://h/t"],
  ],
  refused: [["seq=1", "RTP-Info"], ["", "RTP-Info"], [Array(257).fill("url=a").join(), "RTP-Info"]],
};

export const ranges: HeaderTable<Range> = {
  name: "Range",
  parse: parseRange,
  serialize: serializeRange,
  cases: [
    ["npt=now-", { unit: "npt", start: "now" }],
    ["npt=0.000-", { unit: "npt", start: 0 }, "npt=0-"],
    ["npt=12:05:35.3-13:00:00", { unit: "npt", start: 43535.3, end: 46800 }, "npt=43535.3-46800"],
    ["npt=1:2-", { unit: "npt", start: 62 }, "npt=62-"],
    ["npt=-10.5", { unit: "npt", end: 10.5 }],
    ["npt=5", { unit: "npt", start: 5 }, "npt=5-"],
    ["npt=.5-.75", { unit: "npt", start: 0.5, end: 0.75 }, "npt=0.5-0.75"],
    ["NPT = 1 - 2 ", { unit: "npt", start: 1, end: 2 }, "npt=1-2"],
    [
      "npt=123.45-125;time=19970123T153600Z",
      { unit: "npt", start: 123.45, end: 125, time: Date.UTC(1997, 0, 23, 15, 36) },
    ],
    [
      "clock=19961108T142300Z-19961108T143520Z",
      { unit: "clock", start: Date.UTC(1996, 10, 8, 14, 23), end: Date.UTC(1996, 10, 8, 14, 35, 20) },
    ],
    [
      "clock=19961108T142300.25Z-",
      { unit: "clock", start: Date.UTC(1996, 10, 8, 14, 23, 0, 250) },
      "clock=19961108T142300.250Z-",
    ],
    [
      "smpte=10:12:33:20-",
      { unit: "smpte", start: { seconds: 36753, frame: 20, subframe: 0 } },
    ],
    [
      "smpte=10:07:00-10:07:33:05.01",
      {
        unit: "smpte",
        start: { seconds: 36420, frame: 0, subframe: 0 },
        end: { seconds: 36453, frame: 5, subframe: 1 },
      },
    ],
    [
      "smpte-25=10:07:00-",
      { unit: "smpte-25", start: { seconds: 36420, frame: 0, subframe: 0 } },
    ],
  ],
  refused: [
    ["", "Range"],
    ["bytes=0-1", "Range"],
    ["npt=", "Range"],
    ["npt=a-", "npt"],
    ["npt=1-now", "npt"],
    ["npt=1:2:3:4-", "npt"],
    ["clock=19961308T142300Z-", "clock"],
    ["clock=1996-11-08-", "clock"],
    ["npt=0-;time=now", "clock"],
    ["smpte=10:12-", "smpte"],
  ],
};

export const challenges: HeaderTable<Challenge[]> = {
  name: "WWW-Authenticate",
  parse: parseChallenges,
  serialize: (all) => all.map(serializeChallenge).join(", "),
  cases: [
    ['Basic realm="4419b63f5e51"', [{ scheme: "Basic", realm: "4419b63f5e51" }]],
    [
      'Digest realm="4419b63f5e51", nonce="8b84a3b789283a8bea8da7fa7d41f08b", stale="FALSE"',
      [{
        scheme: "Digest",
        realm: "4419b63f5e51",
        nonce: "8b84a3b789283a8bea8da7fa7d41f08b",
        algorithm: "MD5",
        stale: false,
      }],
    ],
    [
      "Digest realm=IPCAM,nonce=abc, algorithm=md5,opaque=x",
      [{ scheme: "Digest", realm: "IPCAM", nonce: "abc", algorithm: "MD5", opaque: "x" }],
      'Digest realm="IPCAM", nonce="abc", opaque="x"',
    ],
    [
      'digest  realm="a, b" , nonce="c=d" , algorithm="SHA-256", qop="auth,auth-int"',
      [{ scheme: "Digest", realm: "a, b", nonce: "c=d", algorithm: "SHA-256", protection: true }],
      'Digest realm="a, b", nonce="c=d", algorithm="SHA-256", qop="auth"',
    ],
    [
      // several in one header, one of which we cannot do
      'Digest realm="r", nonce="1", algorithm=SHA-256, Digest realm="r", nonce="2", Bearer x=y, Basic realm="r"',
      [
        { scheme: "Digest", realm: "r", nonce: "1", algorithm: "SHA-256" },
        { scheme: "Digest", realm: "r", nonce: "2", algorithm: "MD5" },
        { scheme: "Basic", realm: "r" },
      ],
      'Digest realm="r", nonce="1", algorithm="SHA-256", Digest realm="r", nonce="2", Basic realm="r"',
    ],
    ["Basic", [{ scheme: "Basic", realm: "" }], 'Basic realm=""'],
    ['Digest realm="r"', [], ""],
    ['Digest realm="r", nonce="n", algorithm=SHA-512-256', [], ""],
    ['Digest realm="r", nonce="n", qop="auth-int"', [], ""],
    ['Digest realm="say \\"hi\\"", nonce="n"', [{
      scheme: "Digest",
      realm: 'say "hi"',
      nonce: "n",
      algorithm: "MD5",
    }]],
  ],
  refused: [[Array(17).fill("Basic").join(), "WWW-Authenticate"]],
};

export const authorizations: HeaderTable<Authorization> = {
  name: "Authorization",
  parse: parseAuthorization,
  serialize: serializeAuthorization,
  cases: [
    ["Basic bXl1c2VyOm15cGFzcw==", { scheme: "Basic", user: "myuser", password: "mypass" }],
    ["basic   dXM6YTpi", { scheme: "Basic", user: "us", password: "a:b" }, "Basic dXM6YTpi"],
    ["Basic w7xzZXI6cMOkw59z", { scheme: "Basic", user: "üser", password: "päßs" }],
    ["Basic Og==", { scheme: "Basic", user: "", password: "" }],
    [
      'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", ' +
      'uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea"',
      {
        scheme: "Digest",
        user: "Mufasa",
        realm: "testrealm@host.com",
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        uri: "/dir/index.html",
        response: "1949323746fe6a43ef61f9606e7febea",
        algorithm: "MD5",
      },
    ],
    [
      'Digest username="u",realm="r",nonce="n",uri="rtsp://h/p",response="ABCD",opaque="", algorithm=SHA-256, ' +
      'qop=auth, nc=00000001, cnonce="xyz"',
      {
        scheme: "Digest",
        user: "u",
        realm: "r",
        nonce: "n",
        uri: "rtsp://h/p",
        response: "abcd",
        algorithm: "SHA-256",
        opaque: "",
        protection: { count: "00000001", clientNonce: "xyz" },
      },
      'Digest username="u", realm="r", nonce="n", uri="rtsp://h/p", response="abcd", opaque="", algorithm=SHA-256, ' +
      'qop=auth, nc=00000001, cnonce="xyz"',
    ],
  ],
  refused: [
    ["", "Authorization"],
    ["Basic", "Authorization"],
    ["Bearer abc", "Authorization"],
    ["Basic !!!", "Authorization"],
    ["Basic YWJj", "Authorization"],
    ['Digest username="u", realm="r", nonce="n", uri="x"', "Authorization"],
    ['Digest username="u", realm="r", nonce="n", uri="x", response="y", algorithm=MD4', "algorithm"],
    ['Digest username="u", realm="r", nonce="n", uri="x", response="y", qop=auth-int', "qop"],
    ['Digest username="u", realm="r", nonce="n", uri="x", response="y", qop=auth', "Authorization"],
  ],
};

export const urls: HeaderTable<RtspUrl> = {
  name: "URL",
  parse: parseRtspUrl,
  serialize: serializeRtspUrl,
  cases: [
    ["rtsp://host", { scheme: "rtsp", host: "host", path: "" }],
    ["rtsp://host:8554/a/b?c=d&e=f", {
      scheme: "rtsp",
      host: "host",
      port: 8554,
      path: "/a/b",
      query: "c=d&e=f",
    }],
    ["RTSPS://10.0.0.1/", { scheme: "rtsps", host: "10.0.0.1", path: "/" }, "rtsps://10.0.0.1/"],
    ["rtsp://host?x", { scheme: "rtsp", host: "host", path: "", query: "x" }],
    ["rtsp://host/p?", { scheme: "rtsp", host: "host", path: "/p", query: "" }],
    [
      "rtsp://us%40er:pa%23s:s@[fe80::1%25wl0]:8554/prox%23ied",
      {
        scheme: "rtsp",
        user: "us@er",
        password: "pa#s:s",
        host: "fe80::1%wl0",
        port: 8554,
        path: "/prox%23ied",
      },
      "rtsp://[fe80::1%25wl0]:8554/prox%23ied",
    ],
    [
      "rtsp://admin:p@ss#1%zz@10.0.0.2:/x",
      { scheme: "rtsp", user: "admin", password: "p@ss#1%zz", host: "10.0.0.2", path: "/x" },
      "rtsp://10.0.0.2/x",
    ],
    [
      "rtsp://user@[::1]/a b",
      { scheme: "rtsp", user: "user", host: "::1", path: "/a b" },
      "rtsp://[::1]/a b",
    ],
    ["rtsp+http://h/p", { scheme: "rtsp", tunnel: "http", host: "h", path: "/p" }, "rtsp://h/p"],
    ["rtsps+ws://h:1/p", { scheme: "rtsps", tunnel: "ws", host: "h", port: 1, path: "/p" }, "rtsps://h:1/p"],
  ],
  refused: [
    ["", "URL"],
    ["http://h/p", "URL"],
    ["rtsp:h", "URL"],
    ["rtsp://", "host"],
    ["rtsp://:554/p", "host"],
    ["rtsp://u:p@/p", "host"],
    ["rtsp://h:65536/p", "port"],
    ["rtsp://h:x/p", "host"],
    ["rtsp://[::1/p", "host"],
    ["rtsp://a:b:c/p", "host"],
  ],
};
