/** Rules between the keys of a path. */
import { blankCommandProblem, type Report } from "./check_global.ts";
import { checkRpiCamera } from "./check_rpi_camera.ts";
import type { Conf, PathConf } from "./conf.ts";
import { pathHookKeys } from "./keys/path_hooks.ts";
import { checkUrl, redirectProblem } from "./url.ts";

const minPassphrase = 10;
const maxPassphrase = 79;
const dayMillis = 86_400_000;

/** Reports every broken rule of one effective path. `report` takes places inside the path (`["source"]`). */
export function checkPath(conf: Conf, path: PathConf, report: Report, warn: (text: string) => void): void {
  checkSource(path, report, warn);
  checkUse(path, report);
  checkCommands(path, report);
  checkForward(path, report);
  if (path.alwaysAvailable) checkAlwaysAvailable(path, report);
  checkRecord(conf, path, report);
  if (path.source === "rpiCamera") checkRpiCamera(conf, path, report);
}

const plainUrlSources = /^(rtsps?(\+http|\+ws)?|rtmps?|https?|srt|moqt|wheps?):\/\//;

function checkSource(path: PathConf, report: Report, warn: (text: string) => void): void {
  const { source } = path;
  if (source === "publisher" || source === "rpiCamera") return;
  if (source === "redirect") {
    if (path.sourceRedirect === "") report(["sourceRedirect"], "must be set with source redirect");
    return;
  }
  if (source.startsWith("unix+rtp://")) {
    warn("source 'unix+rtp' is deprecated because it is unstable, use 'udp+rtp' instead");
  }
  if (plainUrlSources.test(source) || /^udp(\+mpegts|\+rtp)?:\/\//.test(source)) {
    const url = checkUrl(source);
    if (typeof url === "string") report(["source"], url);
    else if (source.startsWith("udp") && url.port === "") report(["source"], "must have a port");
  } else if (!/^unix\+(mpegts|rtp):\/\//.test(source)) {
    report(
      ["source"],
      "invalid source: neither publisher, redirect, rpiCamera nor a URL of a supported scheme",
    );
  }
  if (/^(udp|unix)\+rtp:\/\//.test(source) && path.rtpSDP === "") {
    report(["rtpSDP"], "must be set with a udp+rtp or unix+rtp source");
  }
}

function checkUse(path: PathConf, report: Report): void {
  const isPublisher = path.source === "publisher";
  if (path.srtPublishPassphrase !== "" && !isPublisher) {
    report(["srtPublishPassphrase"], "can be used with source publisher only");
  }
  for (const key of ["srtPublishPassphrase", "srtReadPassphrase"] as const) {
    const length = new TextEncoder().encode(path[key]).length;
    if (length > 0 && (length < minPassphrase || length > maxPassphrase)) {
      report([key], `must have ${minPassphrase} to ${maxPassphrase} bytes`);
    }
  }
  if (path.sourceRedirect !== "") {
    const problem = path.source === "redirect"
      ? redirectProblem(path.sourceRedirect)
      : "has no use unless source is redirect";
    if (problem !== undefined) report(["sourceRedirect"], problem);
  }
  if (path.fallback !== undefined) {
    const problem = redirectProblem(path.fallback);
    if (problem !== undefined) report(["fallback"], problem);
  }
  if (path.sourceOnDemand && isPublisher) report(["sourceOnDemand"], "has no use with source publisher");
  if (path.regex !== undefined) {
    if (!path.sourceOnDemand && !isPublisher && path.source !== "redirect") {
      report(
        ["sourceOnDemand"],
        "must be true when the path is a regular expression and has a source of its own",
      );
    }
    if (path.runOnInit !== "") {
      report(["runOnInit"], "cannot be used on a path that is a regular expression; use another path");
    }
  }
  for (const key of ["runOnDemand", "runOnUnDemand"] as const) {
    if (path[key] !== "" && !isPublisher) report([key], "can be used with source publisher only");
  }
}

function checkCommands(path: PathConf, report: Report): void {
  for (const key of Object.keys(pathHookKeys) as (keyof typeof pathHookKeys & keyof PathConf)[]) {
    const problem = blankCommandProblem(path[key]);
    if (problem !== undefined) report([key], problem);
  }
}

const forwardSchemes = ["rtmp", "rtmps", "rtsp", "rtsps", "srt", "whip", "whips"];

function checkForward(path: PathConf, report: Report): void {
  for (const [index, { dest }] of path.forward.entries()) {
    const at = ["forward", index, "dest"];
    if (dest === "") {
      report(at, "must not be empty");
      continue;
    }
    const url = checkUrl(dest.replaceAll("$MTX_PATH", "path"));
    if (typeof url === "string") report(at, url);
    else if (!forwardSchemes.includes(url.scheme)) {
      report(at, `must be a URL of ${forwardSchemes.join(", ")}`);
    }
  }
}

function checkAlwaysAvailable(path: PathConf, report: Report): void {
  if (path.regex !== undefined) {
    report(["alwaysAvailable"], "cannot be used on a path that is a regular expression");
  }
  if (path.sourceOnDemand) report(["sourceOnDemand"], "cannot be used with alwaysAvailable");
  if (path.useAbsoluteTimestamp) report(["useAbsoluteTimestamp"], "cannot be used with alwaysAvailable");
  for (const key of ["runOnDemand", "runOnUnDemand"] as const) {
    if (path[key] !== "") report([key], "cannot be used with alwaysAvailable");
  }
  if (path.alwaysAvailableFile !== "" && path.alwaysAvailableTracks.length > 0) {
    report(["alwaysAvailableFile"], "cannot be used together with alwaysAvailableTracks");
  }
  if (path.alwaysAvailableFile === "" && path.alwaysAvailableTracks.length === 0) {
    report(
      ["alwaysAvailableTracks"],
      "must have at least one track with alwaysAvailable, unless alwaysAvailableFile is set",
    );
  }
}

function checkRecord(conf: Conf, path: PathConf, report: Report): void {
  const has = (field: string) => path.recordPath.includes(field);
  if (!has("%path")) report(["recordPath"], "must contain %path");
  if (!has("%s") && !["%Y", "%m", "%d", "%H", "%M", "%S"].every(has)) {
    report(["recordPath"], "must contain %s, or all of %Y %m %d %H %M %S");
  }
  if (conf.playback && !has("%f")) report(["recordPath"], "must contain %f when playback is enabled");
  if (path.recordSegmentDuration > dayMillis) report(["recordSegmentDuration"], "must be one day at most");
  if (path.recordDeleteAfter !== 0 && path.recordDeleteAfter < path.recordSegmentDuration) {
    report(["recordDeleteAfter"], "must not be shorter than recordSegmentDuration");
  }
}
