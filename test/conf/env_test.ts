import { equal, match } from "../support/assert.ts";
import { confOf, errorOf } from "./support.ts";

/** Variables, a file, and what they give. */
Deno.test("variables of every type", async () => {
  const conf = await confOf("api: no\nlogFile: file.log\n", {
    MTX_API: "YES",
    MTX_RTSP: "false",
    MTX_LOGLEVEL: "warn",
    MTX_LOGFILE: '"quoted"\\n',
    MTX_READTIMEOUT: "1d",
    MTX_HLSSEGMENTMAXSIZE: "1G",
    MTX_WRITEQUEUESIZE: "+1024",
    MTX_UDPREADBUFFERSIZE: "4294967295",
    MTX_LOGDESTINATIONS: "stdout,file",
    MTX_RTSPTRANSPORTS: "udp,tcp,udp",
    MTX_RTSPENCRYPTION: "yes",
    MTX_APITRUSTEDPROXIES: "10.0.0.1,::/0",
    MTX_HLSALLOWORIGINS: "",
    MTX_UDPFASTPATH: "false",
    MTX_PATHDEFAULTS_RPICAMERAFPS: "1e1",
    MTX_PATHDEFAULTS_RPICAMERAAWBGAINS: "1.5,2",
    MTX_PATHDEFAULTS_RTSPUDPSOURCEPORTRANGE: "1,2",
    MTX_UNKNOWN: "x",
    MTX_PATHS: "x",
    OTHER_API: "x",
  });
  equal([conf.api, conf.rtsp, conf.logLevel, conf.logFile], [true, false, "warn", '"quoted"\\n']);
  equal([conf.readTimeout, conf.hlsSegmentMaxSize, conf.writeQueueSize], [86_400_000, 2 ** 30, 1024]);
  equal([conf.udpReadBufferSize, conf.logDestinations], [4294967295, ["stdout", "file"]]);
  equal([conf.rtspTransports, conf.rtspEncryption, conf.udpFastPath], [["tcp", "udp"], "strict", "no"]);
  equal([conf.apiTrustedProxies, conf.hlsAllowOrigins], [["10.0.0.1/32", "::/0"], []]);
  const { rpiCameraFPS, rpiCameraAWBGains, rtspUDPSourcePortRange } = conf.pathDefaults;
  equal([rpiCameraFPS, rpiCameraAWBGains, rtspUDPSourcePortRange], [10, [1.5, 2], [1, 2]]);
});

Deno.test("the present prefix wins over the old one, both over the file", async () => {
  const conf = await confOf("logLevel: error\nlogFile: a\nsysLogPrefix: a\n", {
    RTSP_LOGLEVEL: "warn",
    RTSP_LOGFILE: "b",
    MTX_LOGLEVEL: "debug",
  });
  equal([conf.logLevel, conf.logFile, conf.sysLogPrefix], ["debug", "b", "a"]);
});

Deno.test("paths are made or edited", async () => {
  const conf = await confOf(
    "paths:\n  cam:\n    maxReaders: 1\n    gopCache: no\n  empty:\n  all_others:\n",
    {
      MTX_PATHS_CAM_MAXREADERS: "2",
      MTX_PATHS_EMPTY_MAXREADERS: "3",
      MTX_PATHS_NEW_SOURCE: "rtsp://h/x",
      "MTX_PATHS_A/B.C-D_MAXREADERS": "4",
      MTX_PATHS_ALL_OTHERS_MAXREADERS: "5",
      MTX_PATHS_lower_MAXREADERS: "6",
    },
  );
  const shown = [...conf.paths.values()].map((path) => [path.name, path.maxReaders, path.source]).sort();
  equal(shown, [
    ["a/b.c-d", 4, "publisher"],
    ["all_others", 5, "publisher"],
    ["cam", 2, "publisher"],
    ["empty", 3, "publisher"],
    ["new", 0, "rtsp://h/x"],
  ]);
  equal(conf.entries.get("cam"), { maxReaders: 2, gopCache: "no" });
  equal(conf.entries.get("new"), { source: "rtsp://h/x" });
});

Deno.test("paths are made without any file or paths", async () => {
  for (const text of ["", "paths:\n"]) {
    equal([...(await confOf(text, { MTX_PATHS_CAM_MAXREADERS: "1" })).paths.keys()], ["cam"]);
  }
});

Deno.test("lists of maps: indexes edit the file's or the default's items, and append", async () => {
  const edited = await confOf("", {
    MTX_AUTHINTERNALUSERS_0_USER: "bob",
    MTX_AUTHINTERNALUSERS_0_PASS: "pw",
    MTX_AUTHINTERNALUSERS_0_PERMISSIONS_1_PATH: "cam",
    MTX_AUTHINTERNALUSERS_2_USER: "eve",
    MTX_AUTHINTERNALUSERS_2_IPS: "10.0.0.0/8,::1",
    MTX_AUTHINTERNALUSERS_2_PERMISSIONS_0_ACTION: "read",
    // After a gap, nothing is looked for.
    MTX_AUTHINTERNALUSERS_4_USER: "never",
  });
  equal(
    edited.authInternalUsers.map(({ user, pass, ips, permissions }) => [user, pass, ips, permissions.length]),
    [
      ["bob", "pw", [], 3],
      ["any", "", ["127.0.0.1/32", "::1/128"], 3],
      ["eve", "", ["10.0.0.0/8", "::1/128"], 1],
    ],
  );
  equal(edited.authInternalUsers[0].permissions[1], { action: "read", path: "cam" });
  const file = await confOf("pathDefaults: {forward: [{dest: 'rtsp://a'}, {dest: 'rtsp://b'}]}", {
    MTX_PATHDEFAULTS_FORWARD_1_DEST: "srt://c:1",
    MTX_PATHS_CAM_FORWARD_0_DEST: "rtmp://d/e",
    MTX_PATHS_CAM_ALWAYSAVAILABLETRACKS_0_CODEC: "H264",
    MTX_WEBRTCICESERVERS2_0_URL: "stun:h:1",
    MTX_WEBRTCICESERVERS2_0_CLIENTONLY: "yes",
  });
  equal(file.pathDefaults.forward.map(({ dest }) => dest), ["rtsp://a", "srt://c:1"]);
  equal(file.paths.get("cam")?.forward, [{ dest: "rtmp://d/e", destFingerprint: "", whipBearerToken: "" }]);
  equal(file.paths.get("cam")?.alwaysAvailableTracks[0].codec, "H264");
  equal(file.webrtcICEServers2, [{ url: "stun:h:1", username: "", password: "", clientOnly: true }]);
});

Deno.test("an empty variable empties a list of maps", async () => {
  const conf = await confOf("", { MTX_AUTHINTERNALUSERS: "", MTX_AUTHINTERNALUSERS_0_USER: "x" });
  equal(conf.authInternalUsers, []);
});

Deno.test("a variable whose name begins like another key does not disturb that key", async () => {
  const { rtspAuthMethods, authMethod } = await confOf("", { MTX_AUTHMETHODS: "basic,digest" });
  equal([rtspAuthMethods, authMethod], [["basic", "digest"], "internal"]);
});

Deno.test("errors name the variable", async () => {
  const cases: readonly [string, string, RegExp][] = [
    ["MTX_API", "maybe", /^MTX_API: api: must be true or false \(value: "maybe"\)$/],
    ["MTX_API", "on", /^MTX_API: api: must be true/],
    ["MTX_WRITEQUEUESIZE", "2147483648", /^MTX_WRITEQUEUESIZE: writeQueueSize: does not fit into 32 bits/],
    ["MTX_WRITEQUEUESIZE", "0x10", /^MTX_WRITEQUEUESIZE: writeQueueSize: must be a whole number/],
    ["MTX_WRITEQUEUESIZE", "3", /^MTX_WRITEQUEUESIZE: writeQueueSize: must be a power of two/],
    ["MTX_UDPREADBUFFERSIZE", "-1", /not negative/],
    ["MTX_LOGLEVEL", "", /^MTX_LOGLEVEL: logLevel: must be one of/],
    [
      "MTX_LOGDESTINATIONS",
      "stdout, file",
      /^MTX_LOGDESTINATIONS: logDestinations\[1\]: must be one of .* \(value: " file"\)/,
    ],
    ["MTX_PATHDEFAULTS_RPICAMERAGAIN", "inf", /must be a number/],
    ["MTX_PATHS_CAM_SOURCE", "nothing", /^MTX_PATHS_CAM_SOURCE: paths.cam.source: invalid source/],
    [
      "MTX_PATHS_/X_SOURCE",
      "publisher",
      /^MTX_PATHS_\/X: paths.\/x: invalid path name: can't begin with a slash/,
    ],
    ["MTX_AUTHINTERNALUSERS_5_USER", "x", /^$/],
    ["MTX_AUTHINTERNALUSERS_2_PASS", "a b", /^MTX_AUTHINTERNALUSERS_2_PASS: .* \(value: <redacted>\)$/],
  ];
  for (const [name, value, expected] of cases) {
    if (expected.source === "^$") equal((await confOf("", { [name]: value })).authInternalUsers.length, 2);
    else match((await errorOf("", { env: { [name]: value } })).message, expected, name);
  }
});
