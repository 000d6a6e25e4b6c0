// @ts-check
/** The page of the player. */
import { find, Message, parseFlag, pathName, retryText } from "../shared/page.js";
import { describeProblem, HlsPlayer } from "./player.js";

const video = find("video", HTMLVideoElement);
const message = new Message();
const sound = find("sound", HTMLButtonElement);
const audio = find("audio", HTMLSelectElement);
const query = new URLSearchParams(location.search);

/**
 * @param {string} name
 * @param {boolean} otherwise
 */
const flag = (name, otherwise) => parseFlag(query.get(name), otherwise);
const controls = flag("controls", true);
const autoplay = flag("autoplay", true);
video.muted = flag("muted", true);
video.playsInline = flag("playsinline", true);
video.disablePictureInPicture = flag("disablepictureinpicture", false);

/**
 * @param {string} words
 * @param {string} [more]
 * @param {boolean} [isWaiting]
 */
function show(words, more = "", isWaiting = true) {
  message.show(words, more, isWaiting);
  // Controls without a picture would only lie over the words.
  video.controls = controls && (words === "" || !isWaiting);
}

/** @param {import("./player.js").PlayerState} state */
function onState(state) {
  sound.hidden = !(state.kind === "playing" && state.soundBlocked);
  switch (state.kind) {
    case "loading":
      // Between two tries the reason stays, so that the words do not flicker.
      if (message.words === "") show("Connecting");
      break;
    case "playing":
      show("");
      break;
    case "ready":
    case "needsGesture":
      show(controls ? "" : "Tap to play", "", false);
      break;
    case "failed":
      show(describeProblem(state.problem), retryText(state.retryMs));
      break;
    case "closed":
      show("Closed", "", false);
  }
}

document.title = pathName(location.pathname);
const player = new HlsPlayer({
  url: new URL(`index.m3u8${location.search}`, location.href),
  video,
  autoplay,
  onState,
  onAudioTracks(tracks) {
    audio.replaceChildren(...tracks.map(({ id, name }) => new Option(name, String(id))));
    audio.hidden = tracks.length < 2;
  },
});
audio.addEventListener("change", () => player.selectAudioTrack(Number(audio.value)));
sound.addEventListener("click", () => video.muted = false);
video.addEventListener("click", () => {
  if (video.paused && !controls) player.play();
});
addEventListener("pagehide", (event) => {
  if (!event.persisted) player.close();
});
