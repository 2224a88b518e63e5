import { h, render } from "preact";
import { App } from "./screens/app.js";

render(h(App, null), document.body);
