// @ts-check
/** Cameras, microphones and the screen: what there is, and a stream of what was chosen. */

/** The choice that is no device. */
export const screenChoice = "screen";
export const noChoice = "none";

/**
 * @typedef {object} Choice
 * @property {string} videoDevice `none`, `screen` or an id, as `audioDevice`: there, `screen` is its sound
 * @property {string} audioDevice
 * @property {number | undefined} width wished for, as are the next two
 * @property {number | undefined} height
 * @property {number | undefined} frameRate
 * @property {boolean} voice
 */

/** Browsers hide devices from pages that came unencrypted from elsewhere. */
export function mayCapture() {
  return navigator.mediaDevices !== undefined;
}

/** Phones have none. */
export function hasScreen() {
  return "getDisplayMedia" in navigator.mediaDevices;
}

/**
 * Cameras and microphones with their names, for which the user may have to be asked; what was refused or is missing is
 * in `problem`.
 * @returns {Promise<{ devices: MediaDeviceInfo[], problem: string }>}
 */
export async function listDevices() {
  const inputs = async () =>
    (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind.endsWith("input"));
  const known = await inputs();
  const has = (/** @type {string} */ wanted) => known.some(({ kind }) => kind === wanted);
  const [video, audio] = [has("videoinput"), has("audioinput")];
  if (!video && !audio) return { devices: [], problem: "This device has no camera and no microphone" };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video, audio });
    const devices = await inputs();
    // Android gives a camera to one at a time.
    stopTracks(stream);
    return { devices: devices.filter(({ deviceId }) => deviceId !== ""), problem: "" };
  } catch (error) {
    return { devices: [], problem: describeCaptureError(error) };
  }
}

/**
 * @param {Choice} choice
 * @returns {Promise<MediaStream>}
 */
export async function capture({ videoDevice, audioDevice, width, height, frameRate, voice }) {
  if (videoDevice === noChoice && audioDevice === noChoice) {
    throw new Error("Nothing is chosen to be published");
  }
  const ideal = (/** @type {number | undefined} */ value) => value === undefined ? {} : { ideal: value };
  const picture = { width: ideal(width), height: ideal(height), frameRate: ideal(frameRate) };
  const unprocessed = { autoGainControl: false, echoCancellation: false, noiseSuppression: false };
  const sound = voice ? {} : { ...unprocessed, channelCount: { ideal: 2 } };
  const isScreen = videoDevice === screenChoice;
  const isDevice = (/** @type {string} */ id) => id !== noChoice && id !== screenChoice;
  /** @type {MediaStream[]} */
  const streams = [];
  try {
    if (isScreen) {
      const audio = audioDevice === screenChoice && { ...unprocessed };
      streams.push(await navigator.mediaDevices.getDisplayMedia({ video: picture, audio }));
    }
    if (isDevice(videoDevice) || isDevice(audioDevice)) {
      const video = isDevice(videoDevice) && { ...picture, deviceId: { exact: videoDevice } };
      const audio = isDevice(audioDevice) && { ...sound, deviceId: { exact: audioDevice } };
      streams.push(await navigator.mediaDevices.getUserMedia({ video, audio }));
    }
  } catch (error) {
    streams.forEach(stopTracks);
    throw error;
  }
  const stream = new MediaStream(streams.flatMap((one) => one.getTracks()));
  if (stream.getTracks().length === 0) throw new Error("There is no sound without the picture of the screen");
  for (const track of stream.getVideoTracks()) track.contentHint = isScreen ? "detail" : "motion";
  for (const track of stream.getAudioTracks()) track.contentHint = voice ? "speech" : "music";
  return stream;
}

/** @param {MediaStream} stream */
export function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/**
 * For people.
 * @param {unknown} error
 * @returns {string}
 */
export function describeCaptureError(error) {
  if (!(error instanceof Error)) return String(error);
  switch (error.name) {
    case "NotAllowedError":
      return "The browser was not allowed to capture. The sign beside the address changes that";
    case "NotFoundError":
      return "There is no such camera or microphone";
    case "NotReadableError":
    case "AbortError":
      return "The device cannot be used; another program may have it";
    case "OverconstrainedError":
      return "The chosen device is not there any more, or cannot do what was asked for";
    default:
      return error.message;
  }
}
