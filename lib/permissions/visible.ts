export { visible } from "../model/visible.js";
