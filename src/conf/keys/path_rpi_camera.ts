/** Keys of a path whose source is a camera of the Raspberry Pi. Words are checked when the source is one. */
import { alias, type Key, planned } from "../key.ts";
import { bool, float, floats, lateWord, text, uint, type ValueType } from "../value_type.ts";

function hot<T>(type: ValueType<T>, value: NoInfer<T>, doc: string): Key<T> {
  return planned(type, value, doc, { hot: true });
}

const profiles = ["baseline", "main", "high"];
const levels = ["4.0", "4.1", "4.2"];

export const pathRpiCameraKeys = {
  rpiCameraCamID: planned(uint, 0, "Number of the camera."),
  rpiCameraSecondary: planned(
    bool,
    false,
    "This is the second, smaller stream of a camera another path uses.",
  ),
  rpiCameraWidth: planned(uint, 1920, "Width of the picture."),
  rpiCameraHeight: planned(uint, 1080, "Height of the picture."),
  rpiCameraHFlip: planned(bool, false, "Mirror left and right."),
  rpiCameraVFlip: planned(bool, false, "Mirror top and bottom."),
  rpiCameraBrightness: hot(float, 0, "Brightness, -1 to 1."),
  rpiCameraContrast: hot(float, 1, "Contrast, 0 to 16."),
  rpiCameraSaturation: hot(float, 1, "Saturation, 0 to 16."),
  rpiCameraSharpness: hot(float, 1, "Sharpness, 0 to 16."),
  rpiCameraExposure: hot(lateWord("normal", "short", "long", "custom"), "normal", "How exposure is chosen."),
  rpiCameraAWB: hot(
    lateWord("auto", "incandescent", "tungsten", "fluorescent", "indoor", "daylight", "cloudy", "custom"),
    "auto",
    "Light that the white balance is made for.",
  ),
  rpiCameraAWBGains: hot(floats, [0, 0], "Fixed gains of red and blue, instead of rpiCameraAWB."),
  rpiCameraDenoise: hot(
    lateWord("off", "cdn_off", "cdn_fast", "cdn_hq"),
    "off",
    'How noise is removed. Write "off" in quotes.',
  ),
  rpiCameraShutter: hot(uint, 0, "Fixed exposure time in microseconds; 0 for automatic."),
  rpiCameraMetering: hot(
    lateWord("centre", "spot", "matrix", "custom"),
    "centre",
    "Part of the picture that exposure is measured on.",
  ),
  rpiCameraGain: hot(float, 0, "Fixed gain; 0 for automatic."),
  rpiCameraEV: hot(float, 0, "Exposure compensation, -10 to 10."),
  rpiCameraROI: planned(text, "", "Part of the sensor to show: x,y,width,height, each from 0 to 1."),
  rpiCameraHDR: planned(bool, false, "High dynamic range, with Camera Module 3."),
  rpiCameraTuningFile: planned(text, "", "Tuning file of the camera."),
  rpiCameraMode: planned(
    text,
    "",
    "Mode of the sensor: width:height:bit-depth:packing; the last two may be left out.",
  ),
  rpiCameraFPS: hot(float, 30, "Frames per second."),
  rpiCameraAfMode: planned(lateWord("auto", "manual", "continuous"), "continuous", "How the lens focuses."),
  rpiCameraAfRange: planned(lateWord("normal", "macro", "full"), "normal", "Distances that are focused on."),
  rpiCameraAfSpeed: planned(lateWord("normal", "fast"), "normal", "How quickly the lens moves."),
  rpiCameraLensPosition: planned(
    float,
    0,
    "With manual focus: one divided by the distance in metres; 0 is infinity, 2 is 50 cm.",
  ),
  rpiCameraAfWindow: planned(
    text,
    "",
    "Part of the picture to focus on: x,y,width,height, each from 0 to 1.",
  ),
  rpiCameraFlickerPeriod: hot(uint, 0, "Period of flickering light in microseconds; 0 for none."),
  rpiCameraTextOverlayEnable: hot(bool, false, "Write text on the picture."),
  rpiCameraTextOverlay: hot(text, "%Y-%m-%d %H:%M:%S - MediaMTX", "That text, with the fields of strftime."),
  rpiCameraCodec: planned(
    lateWord("auto", "hardwareH264", "softwareH264", "mjpeg"),
    "auto",
    "Codec; auto is H.264 (in hardware where there is any) for a primary stream and M-JPEG for a secondary one.",
  ),
  rpiCameraIDRPeriod: hot(uint, 60, "Frames from one key frame to the next, with H.264."),
  rpiCameraBitrate: hot(uint, 5_000_000, "Bits per second, with H.264."),
  rpiCameraProfile: alias(lateWord(...profiles), "rpiCameraH264Profile"),
  rpiCameraLevel: alias(lateWord(...levels), "rpiCameraH264Level"),
  rpiCameraHardwareH264Profile: alias(lateWord(...profiles), "rpiCameraH264Profile"),
  rpiCameraHardwareH264Level: alias(lateWord(...levels), "rpiCameraH264Level"),
  rpiCameraSoftwareH264Profile: alias(lateWord(...profiles), "rpiCameraH264Profile"),
  rpiCameraSoftwareH264Level: alias(lateWord(...levels), "rpiCameraH264Level"),
  rpiCameraH264Profile: planned(
    lateWord("auto", ...profiles),
    "auto",
    "H.264 profile; auto is main in hardware and baseline in software.",
  ),
  rpiCameraH264Level: planned(lateWord(...levels), "4.1", "H.264 level. Write it in quotes."),
  rpiCameraJPEGQuality: alias(uint, "rpiCameraMJPEGQuality"),
  rpiCameraMJPEGQuality: planned(uint, 60, "Quality of M-JPEG, 0 to 100."),
};
