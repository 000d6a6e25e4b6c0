/** Commands that run when something happens to a path. */
import { alias, built, planned } from "../key.ts";
import { bool, duration, text } from "../value_type.ts";

/** A command is replaced without disturbing the path. */
const hot = { hot: true } as const;
const restartDoc = "Start that command again when it ends by itself.";
const pathEnvironment =
  "Environment: MTX_PATH, RTSP_PORT, G1, G2… (groups of the path's regular expression).";

export const pathHookKeys = {
  runOnInit: built(
    text,
    "",
    `Command to run while the path exists, for example to publish to it. Not for regular expressions. ${pathEnvironment}`,
    hot,
  ),
  runOnInitRestart: built(bool, false, restartDoc, hot),
  runOnDemand: built(
    text,
    "",
    "Command to run when somebody wants to read and nobody publishes; it should publish. It is stopped with SIGINT when " +
      `nobody reads any more. ${pathEnvironment} Also MTX_QUERY, the query of the first reader.`,
    hot,
  ),
  runOnDemandRestart: built(bool, false, restartDoc, hot),
  runOnDemandStartTimeout: built(duration, 10_000, "How long readers wait for that command to publish.", hot),
  runOnDemandCloseAfter: built(duration, 10_000, "Stop that command when nobody has read this long.", hot),
  runOnUnDemand: built(
    text,
    "",
    "Command to run when nobody reads any more. Same environment as runOnDemand.",
    hot,
  ),
  runOnAvailable: built(
    text,
    "",
    "Command to run while the stream can be read. " +
      `${pathEnvironment} Also MTX_QUERY (of the publisher), MTX_SOURCE_TYPE, MTX_SOURCE_ID.`,
    hot,
  ),
  runOnAvailableRestart: built(bool, false, restartDoc, hot),
  runOnUnavailable: built(
    text,
    "",
    "Command to run when the stream cannot be read any more. Same environment as runOnAvailable.",
    hot,
  ),
  runOnReady: alias(text, "runOnAvailable"),
  runOnReadyRestart: alias(bool, "runOnAvailableRestart"),
  runOnNotReady: alias(text, "runOnUnavailable"),
  runOnOnline: built(
    text,
    "",
    "Command to run while the source is there, also on a path that is always available. Same environment as runOnAvailable.",
    hot,
  ),
  runOnOnlineRestart: built(bool, false, restartDoc, hot),
  runOnOffline: built(
    text,
    "",
    "Command to run when the source has gone. Same environment as runOnOnline.",
    hot,
  ),
  runOnRead: built(
    text,
    "",
    `Command to run while a client reads. ${pathEnvironment} Also MTX_QUERY (of the reader), MTX_READER_TYPE, MTX_READER_ID.`,
    hot,
  ),
  runOnReadRestart: built(bool, false, restartDoc, hot),
  runOnUnread: built(
    text,
    "",
    "Command to run when a client has stopped reading. Same environment as runOnRead.",
    hot,
  ),
  runOnRecordSegmentCreate: planned(
    text,
    "",
    `Command to run when a recording segment is begun. ${pathEnvironment} Also MTX_SEGMENT_PATH.`,
    hot,
  ),
  runOnRecordSegmentComplete: planned(
    text,
    "",
    "Command to run when a recording segment is complete. Same environment as runOnRecordSegmentCreate, and MTX_SEGMENT_DURATION.",
    hot,
  ),
};
