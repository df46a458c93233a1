export { DataPlane, type DataPlaneEvents, type DataPlaneOptions } from './plane.js'
