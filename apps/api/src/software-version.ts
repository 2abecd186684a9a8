/** Of this node's software, as it tells other nodes. */
export const softwareVersion = '0.1.0';
