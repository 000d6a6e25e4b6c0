/** Log, timeouts, queues, UDP, and commands run for connections. */
import { alias, built, planned } from "../key.ts";
import { bool, duration, int, text, uint, word, words, wordWith } from "../value_type.ts";

export const logKeys = {
  logLevel: built(
    word("error", "warn", "info", "debug"),
    "info",
    "The least severe messages that are logged.",
  ),
  logDestinations: built(
    words("stdout", "file", "syslog"),
    ["stdout"],
    "Where log messages go; several are allowed. syslog exists on Linux and BSD only.",
  ),
  logStructured: built(bool, false, "Write stdout and file messages as one JSON object per line."),
  logFile: built(text, "mediamtx.log", "File that messages are appended to when 'file' is a destination."),
  sysLogPrefix: built(text, "mediamtx", "Tag of the messages when 'syslog' is a destination."),
  dumpPackets: planned(
    bool,
    false,
    "Write the traffic of every connection to a pcapng file in the working directory, for debugging.",
  ),
};

export const networkKeys = {
  readTimeout: built(
    duration,
    10_000,
    "A connection that stays silent this long while we read from it is closed.",
  ),
  writeTimeout: built(
    duration,
    10_000,
    "A connection that takes nothing this long while we write to it is closed.",
  ),
  readBufferCount: alias(int, "writeQueueSize"),
  writeQueueSize: built(
    int,
    512,
    "Outgoing packets that may wait for each reader, a power of two. More rides out longer hiccups and costs memory.",
  ),
  udpMaxPayloadSize: built(
    int,
    1452,
    "Largest payload of the UDP packets we send, in bytes, 1472 at most. Lower it when a tunnel on the way has a small MTU.",
  ),
  udpReadBufferSize: built(
    uint,
    0,
    "Receive buffer of each UDP socket in bytes; 0 leaves the operating system's. Raise it when packets get lost under load.",
  ),
  udpFastPath: built(
    wordWith(["auto", "no"], [["false", "no"], [false, "no"]]),
    "auto",
    "Send and receive UDP packets in batches through the operating system's own calls, where that is possible (Linux). " +
      "A key of Livemux, not of MediaMTX.",
    { own: true },
  ),
};

export const connectionHookKeys = {
  runOnConnect: built(
    text,
    "",
    "Command to run when a client connects (RTSP, RTMP, SRT). It is stopped with SIGINT when the client leaves. " +
      "Environment: MTX_CONN_TYPE, MTX_CONN_ID, RTSP_PORT.",
  ),
  runOnConnectRestart: built(bool, false, "Start that command again when it ends by itself."),
  runOnDisconnect: built(
    text,
    "",
    "Command to run when a client has disconnected. Same environment as runOnConnect.",
  ),
};
