"""Words that are told apart on a bad line: 256, so that each says one byte."""

SAFETY_WORDS = """
acid acorn actor agent album alarm alien alley amber anchor angel ankle apple april apron arena
armor arrow atlas attic audio autumn bacon badge bagel baker bamboo banjo barrel basil basket
beach beard beaver bench berry bison blanket blossom bottle brave bread breeze brick bridge broom
bubble bucket budget buffalo butter button cabin cactus camel camera candle canoe canyon carbon
carpet castle cedar cello chalk cherry chess circus citrus clover cobra coffee comet copper coral
cotton cradle crater cricket crystal daisy dancer decade delta denim desert diamond dinner dolphin
domino donkey dragon drum eagle earth easel echo elbow eleven ember engine envelope epoch fabric
falcon feather fiddle filter finger flame flute forest fossil fountain fox frost galaxy garden
garlic gecko giant ginger glacier globe goat goose grape gravel guitar hammer harbor harvest hazel
helmet hermit honey horizon hotel hunter igloo index inkwell iris iron island ivory jacket jaguar
jasmine jelly jersey jigsaw jungle juniper kayak kernel kettle kitchen kiwi koala ladder lagoon
lantern laser lava lemon lentil lettuce library lily lizard lobster locket lotus lumber magnet
mango maple marble meadow melon mercury metro mirror mitten monkey moose mosaic moth muffin museum
mustard napkin nectar needle nickel noodle nutmeg oasis ocean olive onion opera orange orbit
orchid otter owl oyster paddle panda paper parrot pasta pebble pencil pepper piano picnic pigeon
pillow pilot planet plaza pocket polar pony poppy potato pretzel pumpkin puppet quartz quilt
rabbit radar raisin raven ribbon river robin rocket rose ruby saddle salad salmon sandal saturn
scarf sparrow spider spoon squirrel tiger turtle
""".split()  # noqa: SIM905
