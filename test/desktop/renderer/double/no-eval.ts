// Imported first: a schema decides when it is made, and the window's content security policy has no eval.
import { z } from "zod";

z.config({ jitless: true });
