// Imported first: a schema decides at its creation, and the window's content security policy forbids eval.
import { z } from "zod";

z.config({ jitless: true });
