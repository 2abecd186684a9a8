/** 256 words that sound apart, one for each value of a byte. Never change or reorder them: both ends of a line must show the same. */
export const fingerprintWords: readonly string[] = `
acid acorn actor album alpha amber angel apple april arena arrow atlas attic autumn bacon badge baker balcony
bamboo banana banjo barrel basil basket beach beacon beaver bench berry birch bishop blanket blossom bonfire
bottle boulder bracket branch bread brick bridge bronze bucket buffalo butter cabin cactus camel camera canal
candle canyon captain carbon cargo carpet castle cattle cedar cellar cement chalk cherry chess chimney cider
cinema circus citrus clover cobalt coconut coffee comet copper coral corner cotton cousin crab cradle cricket
crystal curtain cymbal dagger dairy daisy dancer desert diamond diesel doctor dolphin donkey dragon drum eagle
easel echo elbow elephant emerald engine falcon farmer feather fennel ferry fiddle flame flute forest fossil
fountain fox galaxy garden garlic ginger glacier goblet granite grape gravel guitar hammer harbor harvest
hazel helmet hermit honey horizon hotel iceberg igloo indigo insect island ivory jacket jaguar jasmine jelly
jigsaw jungle kangaroo kayak kernel kettle kitten ladder lagoon lantern lava lemon leopard lilac lizard
lobster lotus lumber magnet mango maple marble marine market meadow melon mercury mirror monkey mosaic
mountain museum mustard napkin nectar needle nickel nutmeg oasis ocean olive onion opera orange orbit orchid
otter oxygen oyster paddle palace panda paper parrot pasture peanut pebble pelican pencil pepper piano pigeon
pillow pilot planet plaza pocket polar pony potato prairie pumpkin puzzle quartz rabbit radar radio raven
ribbon river rocket saddle salmon satin saturn scarlet shadow silver spider sponge statue sugar summer sunset
tango teapot temple thunder tiger timber tomato tulip tunnel turtle umbrella valley velvet violin volcano
walnut walrus
`
  .trim()
  .split(/\s+/);
