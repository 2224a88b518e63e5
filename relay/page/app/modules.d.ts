declare module "*.css";
/** The part of the package that computes a code; the other parts draw it on what the page does not have. */
declare module "qrcode/lib/core/qrcode.js" {
  export { create } from "qrcode";
}
