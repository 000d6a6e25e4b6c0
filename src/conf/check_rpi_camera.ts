/** Rules for paths with a Raspberry Pi camera. */
import type { Report } from "./check_global.ts";
import type { Conf, PathConf } from "./conf.ts";
import type { KeyTable } from "./key.ts";
import { pathRpiCameraKeys } from "./keys/path_rpi_camera.ts";

const mjpegMultiple = 8;
const mjpegLimit = 2048;

/** Reports every broken rule of a path whose source is rpiCamera. */
export function checkRpiCamera(conf: Conf, path: PathConf, report: Report): void {
  const keys: KeyTable = pathRpiCameraKeys;
  for (const [name, value] of Object.entries(path)) {
    const words = Object.hasOwn(keys, name) ? keys[name].type.words : undefined;
    if (words !== undefined && !words.includes(String(value))) {
      report([name], `must be one of ${words.join(", ")}`);
    }
  }
  const mjpeg = path.rpiCameraCodec === "mjpeg" || path.rpiCameraSecondary && path.rpiCameraCodec === "auto";
  for (const key of ["rpiCameraWidth", "rpiCameraHeight"] as const) {
    if (path[key] === 0) report([key], "must not be 0");
    else if (mjpeg && (path[key] >= mjpegLimit || path[key] % mjpegMultiple !== 0)) {
      report([key], `must be a multiple of ${mjpegMultiple} and less than ${mjpegLimit} with M-JPEG`);
    }
  }
  if (path.rpiCameraAWBGains.length !== 2) {
    report(["rpiCameraAWBGains"], "must have two values, of red and blue");
  }
  checkPairing(conf, path, report);
}

/** Each camera has one primary stream, and at most one secondary one. */
function checkPairing(conf: Conf, path: PathConf, report: Report): void {
  const others = [...conf.paths.values()].filter((other) =>
    other !== path && other.source === "rpiCamera" && other.rpiCameraCamID === path.rpiCameraCamID
  );
  const rival = others.find((other) => other.rpiCameraSecondary === path.rpiCameraSecondary);
  if (rival !== undefined) {
    const kind = path.rpiCameraSecondary ? "secondary" : "primary";
    report(
      ["rpiCameraCamID"],
      `path ${rival.name} has a ${kind} stream of camera ${path.rpiCameraCamID} already`,
    );
  }
  if (path.rpiCameraSecondary && !others.some((other) => !other.rpiCameraSecondary)) {
    report(["rpiCameraSecondary"], `no other path has the primary stream of camera ${path.rpiCameraCamID}`);
  }
}
