declare module "*.css";
/** The part of the package that computes a code; its other parts draw on what the page does not have. */
declare module "qrcode/lib/core/qrcode.js" {
  export { create } from "qrcode";
}
