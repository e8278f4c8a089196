@additional @product-item/failures
Feature: A failing, slow or silent system costs a product and its item no edit and makes no second counterpart

  @id:creation-refused @req:14 @req:71
  Scenario Outline: A creation that Invoiced answers with <status> is made later, once
    Given a Customerp Product
    When Invoiced answers <status> to the next creation of an Item
    And the sync comes to rest
    And 1 hour passes
    And the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Item in Invoiced
    And one more round writes nothing

    Examples: no effect
      | case           | status |
      | too many calls | 429    |
      | unavailable    | 503    |

  @id:creation-lost @req:8 @req:72
  Scenario: A creation whose answer is lost is not made twice
    Given a Customerp Product
    When Invoiced makes the next creation of an Item but its answer is lost
    And the sync comes to rest
    And 1 hour passes
    And the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Item in Invoiced
    And one more round writes nothing

  @id:creation-without-id @req:13
  Scenario: A creation that is answered without an id is told, and made no second time
    Given a Customerp Product
    When Invoiced answers the next creation of an Item without its id
    And the sync comes to rest
    Then the sync reports that it needs attention
    And there is 1 Item in Invoiced
    And it has exactly one counterpart in Invoiced
    And one more round writes nothing

  @id:change-lost @req:72
  Scenario Outline: An edit whose answer is lost arrives, once: <case>
    Given a Customerp Product linked with its Invoiced Item
    When <property> is set to One day in <here>
    And <there> makes the next change of <type> but its answer is lost
    And the sync comes to rest
    And 1 hour passes
    And the sync comes to rest
    Then <counterpart> in <there> is One day
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: both directions
      | case         | property | here      | there     | type | counterpart |
      | to invoiced  | description | Customerp | Invoiced  | an Item | description |
      | to customerp | description | Invoiced  | Customerp | a Product | description |

  @id:change-refused @req:71
  Scenario Outline: An edit that cannot be written now is written later: <case>
    Given a Customerp Product linked with its Invoiced Item
    When <property> is set to One day in <here>
    And <there> answers 503 to the next change of <type>
    And the sync comes to rest
    And 1 hour passes
    And the sync comes to rest
    Then <counterpart> in <there> is One day
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: both directions
      | case         | property | here      | there     | type | counterpart |
      | to invoiced  | description | Customerp | Invoiced  | an Item | description |
      | to customerp | description | Invoiced  | Customerp | a Product | description |

  @id:price-half-written @req:71
  Scenario: A price that Invoiced takes only in part discontinues nothing, and arrives later
    Given a Customerp Product linked with its Invoiced Item
    When unitPrice is set to 99.90 in Customerp
    And Invoiced answers 429 to the next 4 creations of an Item
    And the sync comes to rest
    Then discontinued in Customerp is no
    When 1 hour passes
    And the sync comes to rest
    Then unit_cost in Invoiced is 99.9
    And archived in Invoiced is no
    And nothing else has changed on either side
    And it is still linked with the same Invoiced Item
    And one more round writes nothing

  @id:restored @req:12
  Scenario: A sync that is restored from a backup creates nothing twice
    Given a backup of the sync's memory
    And a Customerp Product
    And the sync has come to rest
    When the sync's memory is restored from the backup
    And the sync comes to rest
    Then it has exactly one counterpart in Invoiced
    And there is 1 Item in Invoiced
    And the sync has written nothing since

  @id:preview @req:18
  Scenario: A preview writes nothing
    Given a Customerp Product
    When the sync is asked what it would do
    Then it has no counterpart in Invoiced
    And the sync has written nothing since
