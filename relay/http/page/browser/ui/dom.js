/** @import { ComponentChildren, JSX, VNode } from "preact" */
import { h } from "preact";

/**
 * A function that makes elements: what markup is written in here, with the types of each element's attributes.
 *
 * @template {keyof JSX.IntrinsicElements} Tag
 * @param {Tag} tag
 * @returns {(attributes?: JSX.IntrinsicElements[Tag] | null, ...children: ComponentChildren[]) => VNode}
 */
function element(tag) {
  return (attributes, ...children) => h(/** @type {string} */ (tag), attributes ?? null, ...children);
}

export const a = element("a");
export const button = element("button");
export const caption = element("caption");
export const code = element("code");
export const dd = element("dd");
export const dialog = element("dialog");
export const div = element("div");
export const dl = element("dl");
export const dt = element("dt");
export const footer = element("footer");
export const form = element("form");
export const h1 = element("h1");
export const h2 = element("h2");
export const header = element("header");
export const input = element("input");
export const label = element("label");
export const li = element("li");
export const main = element("main");
export const nav = element("nav");
export const ol = element("ol");
export const option = element("option");
export const p = element("p");
export const path = element("path");
export const section = element("section");
export const select = element("select");
export const span = element("span");
export const strong = element("strong");
export const svg = element("svg");
export const table = element("table");
export const tbody = element("tbody");
export const td = element("td");
export const th = element("th");
export const thead = element("thead");
export const time = element("time");
export const tr = element("tr");
export const ul = element("ul");
