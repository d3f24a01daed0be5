// Small help where plain forms and links do all the work.
"use strict";
